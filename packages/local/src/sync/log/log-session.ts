import type { Change } from '../../change.ts';
import { appendChanges } from '../append-changes.ts';
import { asDamage } from '../as-damage.ts';
import { SyncError } from '../errors.ts';
import type { SyncContext, SyncOutcome } from '../layout.ts';
import { prefetch } from '../prefetch.ts';
import type { LogLimits } from './log-limits.ts';
import type { LogState } from './log-state.ts';
import { isPack, listPieces, segmentKey } from './pieces.ts';
import type { Listing, Piece } from './pieces.ts';
import { planPieces } from './plan.ts';
import { PositionSet } from './position-set.ts';
import type { PositionRange } from './position-set.ts';
import type { PutAttempt } from './put-attempt.ts';
import { DAMAGE_ADVICE, readObject } from './read-object.ts';
import type { Segment } from './segment-reader.ts';

/** Objects that are read before the ones before them are merged. */
const AHEAD = 3;
/** How often a listing is asked for again because what it had is gone: others compact. */
const MAX_LISTINGS = 5;

/** The reading half of one sync of a database with a log, and what its other half needs of it: see `LogLayout`. */
export class LogSession {
  readonly context: SyncContext;
  readonly limits: LogLimits;
  readonly state: LogState;
  /** The segment that this process tried to put last, and does not know whether it did. */
  readonly attempt: PutAttempt;
  /** The highest position that is taken. */
  head: number;
  /** Ids of what the storage has, as far as it was read; only while that is to be compared. */
  readonly seen: Set<string> | undefined;
  /** What need not be read. */
  readonly #have: PositionSet;
  #listing: Listing;
  /** The storage lacks something that the database has. */
  needsRepair = false;

  constructor(context: SyncContext, limits: LogLimits, state: LogState, listing: Listing, attempt: PutAttempt) {
    this.context = context;
    this.limits = limits;
    this.state = state;
    this.attempt = attempt;
    this.#listing = listing;
    this.head = Math.max(listing.head, state.have.max);
    this.seen = state.isNew ? new Set() : undefined;
    this.#have = state.isNew ? new PositionSet() : state.have;
  }

  async pull(): Promise<SyncOutcome> {
    const have = this.#have;
    if (await this.attempt.completeIn(this.#listing.pieces, this.context))
      await this.list(Math.min(have.contiguousTo, this.head));
    const problemByPiece = new Map<string, SyncError | undefined>();
    const progress = { objects: 0, changes: 0 };
    for (let listings = 1; ;) {
      const { pieces, holes } = planPieces(this.#listing.pieces, have, this.head, problemByPiece);
      const probes = this.#probes(holes).filter((name) => !problemByPiece.has(name));
      const wanted = [...pieces, ...probes.map(pieceOfSegment)];
      if (wanted.length === 0) break;
      const failed = await this.#readPieces(wanted, progress);
      for (const [name, problem] of failed) problemByPiece.set(name, problem);
      const isGone = [...failed].some(([name, problem]) => problem === undefined && !probes.includes(name));
      if (isGone && listings++ < MAX_LISTINGS) await this.list(Math.min(have.contiguousTo, this.head));
    }
    this.needsRepair = have.contiguousTo < this.head;
    this.#noteTail();
    await this.state.save();
    return { changes: progress.changes, problems: this.#problems(problemByPiece) };
  }

  /** Lists anew what lies behind a position. */
  async list(after: number): Promise<Listing> {
    this.#listing = await listPieces(this.context.store, after, this.context.signal);
    this.head = Math.max(this.head, this.#listing.head);
    return this.#listing;
  }

  /** @returns the names of pieces that could not be read, and why: undefined if they are gone */
  async #readPieces(
    pieces: readonly Piece[],
    progress: { objects: number; changes: number },
  ): Promise<Map<string, SyncError | undefined>> {
    const { context, state } = this;
    const failed = new Map<string, SyncError | undefined>();
    const objects = pieces.flatMap((piece) => piece.objects.map(({ key }, i) => ({ piece, key, i })));
    const objectsInAll = progress.objects + objects.length;
    const read = async ({ piece, key, i }: (typeof objects)[number]) => {
      try {
        return { piece, key, i, segment: await readObject(context, key, piece) };
      } catch (error) {
        if (error instanceof SyncError) return { piece, key, i, problem: error };
        throw error;
      }
    };
    for await (const { piece, key, i, segment, problem } of prefetch(objects, AHEAD, read)) {
      context.signal?.throwIfAborted();
      if (segment === undefined) {
        failed.set(piece.name, problem);
        continue;
      }
      try {
        progress.changes += await this.#merge(segment, key);
      } catch (error) {
        if (!(error instanceof SyncError) || error.code !== 'SYNC_DAMAGED') throw error;
        failed.set(piece.name, error);
        continue;
      }
      progress.objects++;
      context.report({ phase: 'pull', objects: progress.objects, objectsInAll, changes: progress.changes });
      if (this.attempt.isOf(segment)) state.pushed.pushed(this.attempt.through);
      if (i === piece.objects.length - 1 && !failed.has(piece.name)) {
        this.#have.add(piece);
        state.have.add(piece);
        await state.save();
      }
    }
    return failed;
  }

  /** Merges a segment or a part of a pack. @returns how many changes were new. @throws SyncError */
  async #merge(segment: Segment, key: string): Promise<number> {
    try {
      return await appendChanges(this.context, this.#noticed(segment.changes), this.state.pushed);
    } catch (error) {
      throw asDamage(key, error, DAMAGE_ADVICE);
    }
  }

  /** Segments that are not listed, and may be there: a listing may be older than what it lists. */
  #probes(holes: readonly PositionRange[]): string[] {
    const packed = new PositionSet(this.#listing.pieces.filter((piece) => piece.isComplete && isPack(piece)));
    return holes
      .map(({ from }) => from + 1)
      .filter((position) => !packed.has(position))
      .map(segmentKey);
  }

  /** What is compared later is remembered while it passes. */
  *#noticed(changes: Iterable<Change>): Generator<Change> {
    for (const change of changes) {
      this.seen?.add(change.id);
      yield change;
    }
  }

  #noteTail(): void {
    const { pieces, head } = this.#listing;
    if (head === 0 || head < (this.state.tail?.position ?? 0)) return;
    const segment = pieces.find(({ name }) => name === segmentKey(head));
    this.state.tail = { position: head, etag: segment?.objects[0]?.etag };
  }

  /** Of the positions that could not be had in any way. */
  #problems(problemByPiece: ReadonlyMap<string, SyncError | undefined>): SyncError[] {
    const { holes, pieces } = planPieces([], this.state.have, this.head);
    if (holes.length === 0 && pieces.length === 0) return [];
    const found = [...problemByPiece.values()].filter((problem) => problem !== undefined);
    if (found.length > 0) return found;
    const missing = holes.map(({ from, to }) =>
      to === from + 1 ? segmentKey(to) : `${segmentKey(from + 1)} to ${to}`,
    );
    const advice = 'Another device that has their changes makes good for it when it compacts or verifies.';
    return [new SyncError('SYNC_MISSING', `the storage has lost ${missing.join(', ')}. ${advice}`)];
  }
}

function pieceOfSegment(name: string): Piece {
  const to = Number(name.slice('log/'.length));
  const object = { key: name, size: 0, modifiedAt: 0, etag: '' };
  return { from: to - 1, to, name, objects: [object], size: 0, isComplete: true };
}
