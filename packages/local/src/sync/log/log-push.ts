import type { ChangeCursor, LoggedChange } from '../../change-log.ts';
import { databaseCall } from '../database-call.ts';
import { SyncError } from '../errors.ts';
import type { SyncOutcome } from '../layout.ts';
import { compact } from './compaction.ts';
import type { LogSession } from './log-session.ts';
import { isPack, MAX_POSITION, segmentKey } from './pieces.ts';
import { areEqual, HEADER_BYTES, TAG_AT, TAG_BYTES } from './segment-format.ts';
import { SegmentWriter } from './segment-writer.ts';

const MAX_TRIES = 30;
const PAGE = 1000;

/**
 * Puts what the storage lacks as segments at the next free positions, and compacts when it is our turn.
 *
 * @throws SyncError, BlobError, the reason of the signal. Segments that were put stay, and are not put again.
 */
export async function pushChanges(session: LogSession): Promise<SyncOutcome> {
  const { context, state, limits } = session;
  const writer = new SegmentWriter();
  const put = { objects: 0, changes: 0, isOurTurn: false };
  const end = await databaseCall(context, 'reading changes to push', () => context.log.lastCursor());
  let through: ChangeCursor = 0;
  const flush = async (): Promise<void> => {
    if (writer.changes === 0) return;
    const position = await putSegment(session, writer, through);
    put.objects++;
    put.changes += writer.changes;
    put.isOurTurn ||= position % limits.compactEvery === 0;
    writer.reset();
    context.report({ phase: 'push', objects: put.objects, objectsInAll: undefined, changes: put.changes });
  };
  for await (const page of changesToSend(session, end)) {
    for (const { change, cursor } of page) {
      writer.add(change);
      through = cursor;
      if (writer.length >= limits.objectBytes) await flush();
    }
  }
  await flush();
  state.pushed.pushed(end);
  state.isNew = false;
  await state.save();
  if (put.isOurTurn || session.needsRepair) await compact(session, session.needsRepair);
  return { changes: put.changes, problems: [] };
}

/**
 * What has arrived since the last push. Of a storage that has to be compared also the state of the database as far as the
 * storage does not show it: what was overwritten meanwhile is of no use there.
 *
 * What waits to be pushed is pushed even if the storage shows it: a pack that was made of this database may have it, and
 * those who do not read that pack wait for it.
 *
 * When one of them is in the storage, all up to its place is: of those that are compared, which have no such order, up to 0.
 */
async function* changesToSend(
  { context, state, seen }: LogSession,
  end: ChangeCursor,
): AsyncGenerator<readonly LoggedChange[]> {
  if (seen === undefined || state.pushed.through > 0) {
    for await (const page of state.pushed.pending(context, end)) {
      for (const { change } of page) seen?.add(change.id);
      yield page;
    }
  }
  if (seen === undefined) return;
  for (let afterId: string | undefined; ;) {
    const options = afterId === undefined ? { limit: PAGE } : { limit: PAGE, afterId };
    const page = await databaseCall(context, 'reading changes to push', () => context.log.winningChanges(options));
    yield page.filter(({ id }) => !seen.has(id)).map((change) => ({ change, cursor: 0 }));
    if (page.length < PAGE) return;
    afterId = page.at(-1)!.id; // it is not empty
  }
}

/** @returns the position where it is */
async function putSegment(session: LogSession, writer: SegmentWriter, through: ChangeCursor): Promise<number> {
  const { context, state, attempt } = session;
  const { store, runtime, signal } = context;
  const tag = runtime.randomBytes(TAG_BYTES);
  attempt.begin(tag, through);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const position = session.head + 1;
    if (position > MAX_POSITION) {
      const message = `${segmentKey(MAX_POSITION)}, the last position that a log can have, is taken`;
      throw new SyncError('SYNC_DAMAGED', `${message}: it, or a pack up to it, is a stranger's. Delete that object.`);
    }
    const range = { from: position - 1, to: position };
    const bytes = await writer.finish(range.from, range.to, tag);
    attempt.puts(segmentKey(position), bytes);
    const isPut = await store.putIfAbsent(segmentKey(position), bytes, signal);
    session.head = position;
    if (!isPut && !(await isOurs(session, position, tag))) {
      // Somebody was before us: his changes are merged at once. What is wrong with them the next pull tells.
      await session.list(session.state.have.contiguousTo);
      await session.pull();
      continue;
    }
    const { pieces } = await session.list(position - 1);
    const isThere = await isOurs(session, position, tag);
    // A listing that was older than it should be may have led us to a position that a pack has already, whose segment
    // was deleted: nobody would read this one.
    const isCovered = pieces.some((piece) => piece.isComplete && isPack(piece) && piece.to >= position);
    if (!isThere && !isCovered) {
      const message = `the storage said that it had put ${segmentKey(position)}, and does not have it`;
      throw new SyncError('SYNC_STORAGE_LOST_DATA', `${message}: it is put again with the next sync`);
    }
    if (isCovered) continue;
    attempt.succeeded();
    const listed = pieces.find(({ name }) => name === segmentKey(position));
    state.have.add(range);
    state.tail = { position, etag: listed?.objects[0]?.etag };
    state.pushed.pushed(through);
    await state.save();
    return position;
  }
  const message = `${MAX_TRIES} positions in a row were taken by others before us`;
  throw new SyncError('SYNC_CONTENDED', `${message}: the changes are pushed with the next sync`);
}

async function isOurs({ context }: LogSession, position: number, tag: Uint8Array): Promise<boolean> {
  const { store, signal } = context;
  const head = await store.get(segmentKey(position), { start: 0, end: HEADER_BYTES }, signal);
  return head !== undefined && areEqual(head.subarray(TAG_AT), tag);
}
