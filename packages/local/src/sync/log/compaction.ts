import type { Change } from '../../change.ts';
import { databaseCall } from '../database-call.ts';
import { SyncError } from '../errors.ts';
import { collectGarbage } from './garbage.ts';
import type { LogSession } from './log-session.ts';
import { isPack, packFolder, packPartKey } from './pieces.ts';
import type { Piece } from './pieces.ts';
import { planPieces } from './plan.ts';
import { PositionSet } from './position-set.ts';
import type { PositionRange } from './position-set.ts';
import { readObject } from './read-object.ts';
import { areEqual, TAG_BYTES } from './segment-format.ts';
import { SegmentWriter } from './segment-writer.ts';
import { winnersOf } from './winners.ts';

const PAGE = 5000;

/**
 * Gathers the newest segments of the log in a pack, and packs in a larger one, and deletes what is in older packs of ours.
 *
 * Of the pieces that make up the log, oldest first, those from the first on that is not larger than all behind it are
 * merged: so each byte is written again only when what it is in doubles, and there are few pieces at any time.
 *
 * @param isWhole the state of the database takes the place of all there is, as some of it is missing or damaged
 * @throws SyncError, BlobError, the reason of the signal: the pack is not finished then, and in nobody's way
 */
export async function compact(session: LogSession, isWhole: boolean): Promise<void> {
  const listing = await session.list(0);
  await collectGarbage(session, listing);
  const { pieces, holes } = planPieces(listing.pieces, new PositionSet(), listing.head);
  if (isWhole || holes.length > 0) {
    await note(session, await packDatabase(session, listing.head));
    return;
  }
  // The segments first, alone: devices that lag behind a little read this instead of all that it is merged with.
  const segments = pieces.slice(pieces.findLastIndex(isPack) + 1);
  await note(session, await packPieces(session, segments, listing.head));
  const packed = await session.list(0);
  const merged = piecesToMerge(planPieces(packed.pieces, new PositionSet(), listing.head).pieces);
  if (merged[0]?.from !== segments[0]?.from) await note(session, await packPieces(session, merged, listing.head));
}

async function note({ state }: LogSession, pack: string | undefined): Promise<void> {
  if (pack === undefined) return;
  state.ownPacks.push(pack);
  await state.save();
}

export function piecesToMerge(pieces: readonly Piece[]): readonly Piece[] {
  let behind = pieces.reduce((sum, { size }) => sum + size, 0);
  const first = pieces.findIndex(({ size }) => {
    behind -= size;
    return size <= behind;
  });
  return first < 0 ? [] : pieces.slice(first);
}

async function packPieces(session: LogSession, merged: readonly Piece[], head: number): Promise<string | undefined> {
  const [first, last] = [merged[0], merged.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const size = merged.reduce((sum, piece) => sum + piece.size, 0);
  if (first.from === 0 || size > session.limits.mergeBytes) return packDatabase(session, head);
  const changes = await changesOf(session, merged);
  if (changes === undefined) return packDatabase(session, head);
  return putParts(session, { from: first.from, to: last.to }, [changes]);
}

/** @returns undefined if the database lacks something itself */
async function packDatabase(session: LogSession, head: number): Promise<string | undefined> {
  if (session.state.have.contiguousTo < head) return undefined;
  return putParts(session, { from: 0, to: head }, stateOfDatabase(session));
}

/** @returns undefined if they are not all there and whole */
async function changesOf(session: LogSession, pieces: readonly Piece[]): Promise<Change[] | undefined> {
  const changes: Change[] = [];
  try {
    for (const piece of pieces) {
      for (const { key } of piece.objects) {
        const segment = await readObject(session.context, key, piece);
        if (segment === undefined) return undefined;
        for (const change of segment.changes) changes.push(change);
      }
    }
  } catch (error) {
    if (error instanceof SyncError && error.code === 'SYNC_DAMAGED') return undefined;
    throw error;
  }
  return winnersOf(changes);
}

/**
 * What arrives while it is read has an id behind what was read, or is at a position behind the pack: in either case no
 * value is left out that the pack has to have.
 */
async function* stateOfDatabase({ context }: LogSession): AsyncGenerator<readonly Change[]> {
  for (let afterId: string | undefined; ;) {
    const options = afterId === undefined ? { limit: PAGE } : { limit: PAGE, afterId };
    const page = await databaseCall(context, 'reading the state to pack', () => context.log.winningChanges(options));
    yield page;
    if (page.length < PAGE) return;
    afterId = page.at(-1)!.id; // it is not empty
  }
}

/** Puts the parts, each read back, as what a pack covers is deleted one day. @returns the name of the pack */
async function putParts(
  session: LogSession,
  range: PositionRange,
  pages: Iterable<readonly Change[]> | AsyncIterable<readonly Change[]>,
): Promise<string> {
  const { context, limits } = session;
  const { store, runtime, signal } = context;
  const tag = runtime.randomBytes(TAG_BYTES);
  const folder = packFolder(range, tag);
  const writer = new SegmentWriter();
  let part = 0;
  let packed = 0;
  const put = async (isLast: boolean): Promise<void> => {
    const key = packPartKey(folder, part++, isLast);
    const bytes = await writer.finish(range.from, range.to, tag);
    await store.put(key, bytes, signal);
    const back = await store.get(key, undefined, signal);
    if (back === undefined || !areEqual(back, bytes)) {
      throw new SyncError(
        'SYNC_STORAGE_LOST_DATA',
        `the storage said that it had put ${key}, and has it not or not whole`,
      );
    }
    packed += writer.changes;
    writer.reset();
    context.report({ phase: 'compact', objects: part, objectsInAll: undefined, changes: packed });
  };
  for await (const page of pages) {
    for (const change of page) {
      if (writer.length >= limits.objectBytes) await put(false);
      writer.add(change);
    }
  }
  await put(true);
  return folder;
}
