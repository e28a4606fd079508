import { EngineError } from '../errors.ts';
import { removeOldSnapshots } from './remove-old-snapshots.ts';
import { type SnapshotPolicy, isDue } from './snapshot-policy.ts';
import { type Snapshot, type SnapshotSource, type TakenSnapshot, takeSnapshot } from './take-snapshot.ts';
import { verifySnapshots } from './verify-snapshots.ts';

/** What snapshots have been taken since the database was opened. */
export interface SnapshotMetrics {
  /** Taken and found whole. */
  taken: number;
  /** That could not be taken, or were found damaged. */
  failed: number;
  /** The last transaction of the newest snapshot that is good; -1 if there is none. */
  lastTxOffset: number;
  /** Bytes of objects that were written. */
  writtenBytes: number;
  /** Nanoseconds from the beginning of a snapshot until it was there and verified, added up. */
  totalNanos: number;
}

/**
 * Takes snapshots when they are due, one at a time, in the background, and keeps as many of them and as much of the
 * log as the policy says.
 *
 *     capture ── store objects ── sync log ── store manifest ── read it all again ── remove what is too old
 *
 * Nothing is removed from the log because of a snapshot that was not read again after it was written. If one cannot be
 * taken the database goes on, and tries again when the next one is due.
 */
export class Snapshots {
  readonly metrics: SnapshotMetrics = { taken: 0, failed: 0, lastTxOffset: -1, writtenBytes: 0, totalNanos: 0 };
  readonly #source: SnapshotSource;
  readonly #policy: SnapshotPolicy;
  readonly #archivedBefore: () => number;
  readonly #onProblem: (message: string) => void;
  readonly #verified = new Set<number>();
  readonly #closing = new AbortController();
  /** The snapshot whose pages the captures know. */
  #last: Snapshot | undefined;
  #running: Promise<void> | undefined;
  /** Where the database was when a snapshot was last tried. */
  #triedTxOffset: number;
  #triedLogBytes: number;

  /**
   * @param restored the snapshot that the database started from, read whole; what was replayed after it
   * @param archivedBefore the tx offset before which an archive has the log; infinity where there is none
   */
  constructor(
    source: SnapshotSource,
    policy: SnapshotPolicy,
    restored: { readonly snapshot: Snapshot | undefined; readonly replayedBytes: number },
    archivedBefore: () => number,
    onProblem: (message: string) => void,
  ) {
    this.#source = source;
    this.#policy = policy;
    this.#archivedBefore = archivedBefore;
    this.#onProblem = onProblem;
    this.#last = restored.snapshot;
    this.#triedTxOffset = restored.snapshot?.txOffset ?? -1;
    this.#triedLogBytes = -restored.replayedBytes;
    this.metrics.lastTxOffset = this.#triedTxOffset;
    if (restored.snapshot !== undefined) this.#verified.add(restored.snapshot.txOffset);
  }

  /** Begins a snapshot if one is due. To be called between transactions, often: it is a few comparisons. */
  consider(): void {
    const { transactions } = this.#source;
    if (this.#running !== undefined || this.#closing.signal.aborted) return;
    const isNow = isDue(this.#policy, {
      transactions: transactions.lastTxOffset - this.#triedTxOffset,
      logBytes: transactions.loggedBytes - this.#triedLogBytes,
      snapshotBytes: this.#last?.byteLength ?? 0,
    });
    if (isNow) void this.#begin();
  }

  /**
   * Takes a snapshot of everything that is committed now, unless the last one is that.
   * @returns its tx offset
   * @throws EngineError `ENGINE_SNAPSHOT_FAILED`
   */
  async take(): Promise<number> {
    const wanted = this.#source.transactions.lastTxOffset;
    await this.#running;
    if (this.metrics.lastTxOffset < wanted && !this.#closing.signal.aborted) await (this.#running ?? this.#begin());
    if (this.metrics.lastTxOffset >= wanted) return this.metrics.lastTxOffset;
    throw new EngineError(
      'ENGINE_SNAPSHOT_FAILED',
      'no snapshot could be taken; the log of the database has the reason',
    );
  }

  /** Resolves when nothing is being written any more: what is not finished is given up. */
  async close(): Promise<void> {
    this.#closing.abort(new EngineError('ENGINE_CLOSED', 'the database is being closed'));
    await this.#running;
  }

  #begin(): Promise<void> {
    return (this.#running = this.#run().finally(() => (this.#running = undefined)));
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock } = this.#source;
    const startNanos = clock.monotonicNanos();
    try {
      // What was reused of an earlier snapshot may turn out to be damaged. Then all is written anew, once.
      const isGood = (await this.#takeAndVerify()) || (await this.#takeAndVerify());
      if (!isGood) throw new Error('what is written to the disk is not what is read from it');
      this.metrics.taken++;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.metrics.failed++;
      const reason = error instanceof Error ? error.message : String(error);
      this.#onProblem(`a snapshot could not be taken: ${reason}. The database goes on and tries again later`);
      // What was stored of it would keep a full disk full. If that cannot be removed now, the next one does.
      await this.#source.store.collect().catch(() => undefined);
    } finally {
      this.metrics.totalNanos += Number(clock.monotonicNanos() - startNanos);
    }
  }

  async #takeAndVerify(): Promise<boolean> {
    const { transactions, captures, store } = this.#source;
    const { signal } = this.#closing;
    this.#triedTxOffset = transactions.lastTxOffset;
    this.#triedLogBytes = transactions.loggedBytes;
    const before = this.#last;
    this.#last = undefined; // the captures forget if it fails
    const taken: TakenSnapshot = await takeSnapshot(this.#source, before, signal);
    this.#last = taken;
    this.metrics.writtenBytes += taken.writtenBytes;
    const damaged = await verifySnapshots(store, this.#policy, this.#verified, signal);
    for (const { txOffset, problems } of damaged) {
      const reasons = problems.map(({ message }) => message).join('; ');
      this.#onProblem(`the snapshot at ${txOffset} is damaged and was set aside: ${reasons}`);
    }
    if (!this.#verified.has(taken.txOffset)) {
      captures.forget();
      this.#last = undefined;
      return false;
    }
    this.metrics.lastTxOffset = taken.txOffset;
    await this.#removeOld();
    return true;
  }

  /** What stays too long takes room and nothing else: the new snapshot is as good without. Never rejects. */
  async #removeOld(): Promise<void> {
    const { store, log } = this.#source;
    try {
      await removeOldSnapshots(store, log, this.#policy, this.#verified, this.#archivedBefore());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#onProblem(`old snapshots or log could not be removed: ${reason}. The next snapshot tries again`);
    }
  }
}
