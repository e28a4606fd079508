import type { Logger } from 'pino';
import type { ControlDatabase, DatabaseRecord } from '../control/control-database.ts';
import type { Databases } from '../databases.ts';
import { describeDatabase } from './describe-database.ts';
import type { CopyThread } from './thread/copy-thread.ts';

const MAX_BACK_OFF_MS = 5 * 60_000;
/** Databases that are archived at the same time. */
const ROUNDS_AT_ONCE = 4;
/** How long a stop waits for the last round of all databases. */
const LAST_ROUND_MS = 10_000;

/** How far the archive of one database is. */
export interface ArchiveStatus {
  readonly record: DatabaseRecord;
  /** The first transaction that is not in the archive. */
  endTxOffset: number;
  /** The last one that was durable when the last round began. */
  durableTxOffset: number;
  /** When a round last brought everything there, in ms since 1970; undefined if none did. */
  lastSuccessAt: number | undefined;
  failures: number;
  /** Since the last success. */
  failuresInARow: number;
  /** By the clock that nobody sets, in ms. */
  nextRoundAt: number;
}

/** Sees to it that what databases commit is in the archive soon. Whatever becomes of the archive, they go on. */
export class Archive {
  readonly #intervalMs: number;
  readonly #databases: Databases;
  readonly #control: ControlDatabase;
  readonly #log: Logger;
  readonly #thread: CopyThread;
  /** By replica: a database that is reset begins anew. */
  readonly #statuses = new Map<number, ArchiveStatus>();
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * @param thread which knows where the archive is
   * @param intervalMs what may be missing from the archive when everything works
   */
  constructor(thread: CopyThread, intervalMs: number, databases: Databases, control: ControlDatabase, log: Logger) {
    this.#thread = thread;
    this.#intervalMs = intervalMs;
    this.#databases = databases;
    this.#control = control;
    this.#log = log;
  }

  start(): void {
    this.#tickLater();
  }

  /** Of all databases, also of those that no round has come to yet. */
  get statuses(): readonly Readonly<ArchiveStatus>[] {
    return this.#control.databases().map((record) => this.#statusOf(record));
  }

  /** Archives the rest of what is there, if that does not take long. To be called when all databases are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const expired = Promise.withResolvers<void>();
    const timer = setTimeout(() => expired.resolve(), LAST_ROUND_MS);
    const rest = (async () => {
      await this.#ticking;
      await forEach(this.#control.databases(), (record) => this.#round(this.#statusOf(record), undefined));
    })();
    await Promise.race([rest, expired.promise]);
    clearTimeout(timer);
    // What is under way then fails.
    await this.#thread.close();
    await rest;
  }

  #tickLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick().finally(() => this.#tickLater());
    }, this.#intervalMs);
  }

  /** Lets every database have a round that is due for one. Never rejects. */
  async #tick(): Promise<void> {
    const now = performance.now();
    await forEach(this.#databases.started(), async ({ identity, thread }) => {
      const record = this.#control.findDatabase(identity);
      if (record === undefined) return;
      const status = this.#statusOf(record);
      if (status.nextRoundAt > now) return;
      // A database that is held up or gone has its turn later.
      const durable = await thread.request('durableTxOffset', undefined).catch(() => undefined);
      if (durable === undefined) return;
      await this.#round(status, durable);
      await thread.request('archivedBefore', status.endTxOffset).catch(() => undefined);
    });
    for (const { record } of this.#statuses.values()) {
      if (this.#control.findDatabase(record.identity)?.replica !== record.replica) await this.#forget(record);
    }
  }

  #statusOf(record: DatabaseRecord): ArchiveStatus {
    let status = this.#statuses.get(record.replica);
    if (status === undefined) {
      status = {
        record,
        endTxOffset: 0,
        durableTxOffset: -1,
        lastSuccessAt: undefined,
        failures: 0,
        failuresInARow: 0,
        nextRoundAt: 0,
      };
      this.#statuses.set(record.replica, status);
    }
    return status;
  }

  /** Of a database that is deleted, or that began anew as another replica. */
  async #forget(record: DatabaseRecord): Promise<void> {
    this.#statuses.delete(record.replica);
    const path = this.#databases.pathOf(record);
    // A thread that ended has forgotten it.
    if (path !== undefined) await this.#thread.request('forget', { path }).catch(() => undefined);
  }

  async #round(status: ArchiveStatus, durableTxOffset: number | undefined): Promise<void> {
    const path = this.#databases.pathOf(status.record);
    const description = describeDatabase(this.#control, status.record.identity);
    if (path === undefined || description === undefined) return;
    if (durableTxOffset !== undefined) status.durableTxOffset = durableTxOffset;
    const database = status.record.identity;
    try {
      const input = { path, durableTxOffset, description };
      const answer = await this.#thread.request('archive', input);
      const { endTxOffset, beganCopy, snapshotProblem, newBase, failure } = answer;
      status.endTxOffset = endTxOffset;
      if (beganCopy !== undefined) this.#log.info({ database, reason: beganCopy }, 'new copy begun in the archive');
      if (newBase !== undefined) {
        this.#log.info({ database, txOffset: newBase }, 'the archive lets go of what is before this transaction');
      }
      if (snapshotProblem !== undefined) {
        this.#log.error(
          { database, reason: snapshotProblem },
          'the log is in the archive, but something is wrong with snapshots',
        );
      }
      if (failure === undefined) this.#succeeded(status);
      else this.#failed(status, failure.message);
    } catch (error) {
      this.#failed(status, error instanceof Error ? error.message : String(error));
    }
  }

  #succeeded(status: ArchiveStatus): void {
    if (status.failuresInARow > 0) this.#log.info({ database: status.record.identity }, 'archive goes on');
    status.failuresInARow = 0;
    status.lastSuccessAt = Date.now();
    status.nextRoundAt = 0;
  }

  #failed(status: ArchiveStatus, reason: string): void {
    status.failures++;
    status.failuresInARow++;
    const backOffMs = Math.min(this.#intervalMs * 2 ** (status.failuresInARow - 1), MAX_BACK_OFF_MS);
    status.nextRoundAt = performance.now() + backOffMs;
    const database = status.record.identity;
    const behind = Math.max(0, status.durableTxOffset + 1 - status.endTxOffset);
    this.#log.error({ database, reason, transactionsBehind: behind }, 'archive failed; it is tried again');
  }
}

async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, next));
}
