import type { BlobStore } from '@lightcone/blobs';
import type { ChangeLog } from '../change-log.ts';
import { asSyncError } from './as-sync-error.ts';
import { SyncError } from './errors.ts';
import type { Layout, SyncContext, SyncOutcome, SyncProgress } from './layout.ts';
import type { SyncRuntime } from './runtime.ts';
import { SyncSchedule } from './sync-schedule.ts';
import type { SyncTimes } from './sync-schedule.ts';
import type { SyncStatus } from './sync-status.ts';

export interface SyncOnceOptions {
  readonly signal?: AbortSignal;
  /**
   * Compare all that the storage has with all that the database has, and make good what the storage has lost. It reads
   * everything there is.
   */
  readonly verify?: boolean;
}

/** What one sync brought. */
export interface SyncReport {
  /** Changes that were new to the database. */
  readonly pulled: number;
  /** Changes that were put into the storage. */
  readonly pushed: number;
}

/** Keeps a database and a storage the same, when told to or by itself. */
export class Sync {
  readonly #log: ChangeLog;
  readonly #store: BlobStore;
  readonly #layout: Layout;
  readonly #runtime: SyncRuntime;
  readonly #schedule: SyncSchedule;
  readonly #listeners = new Set<(status: SyncStatus) => void>();
  #running: Promise<SyncReport> | undefined;
  #status: SyncStatus = {
    state: 'stopped',
    progress: undefined,
    lastPullAt: undefined,
    lastPushAt: undefined,
    pullError: undefined,
    pushError: undefined,
  };

  constructor(log: ChangeLog, store: BlobStore, layout: Layout, runtime: SyncRuntime) {
    this.#log = log;
    this.#store = store;
    this.#layout = layout;
    this.#runtime = runtime;
    this.#schedule = new SyncSchedule(runtime, (signal) => this.once({ signal }));
  }

  get status(): SyncStatus {
    return this.#status;
  }

  /** Calls with each new status. @returns the way out */
  onStatus(listener: (status: SyncStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Syncs once: pulls, then pushes, the one even if the other fails. While a sync runs, it is that one that is waited for,
   * as it was begun: these options do not change it.
   *
   * @throws SyncError what failed first, after the other was tried; `status` has both. The reason of `signal` when that is
   *   aborted, which ends a sync that others wait for too. What was brought until then stays, and is not brought again.
   */
  once(options: SyncOnceOptions = {}): Promise<SyncReport> {
    this.#running ??= this.#sync(options).finally(() => {
      this.#running = undefined;
      this.#set({ state: this.#schedule.isStarted ? 'idle' : 'stopped', progress: undefined });
    });
    return this.#running;
  }

  /** Syncs now, soon after each write of this database, and from time to time, until it is stopped. */
  start(times: Partial<SyncTimes> = {}): void {
    const stopListening = this.#log.onOwnChanges(() => this.#schedule.wrote());
    this.#schedule.start(times, stopListening);
    if (this.#running === undefined) this.#set({ state: 'idle' });
  }

  /** Ends a sync that runs, and all later ones. It may be started again. */
  async stop(): Promise<void> {
    await this.#schedule.stop();
    if (this.#running === undefined) this.#set({ state: 'stopped' });
  }

  async #sync({ signal, verify = false }: SyncOnceOptions): Promise<SyncReport> {
    signal?.throwIfAborted();
    this.#set({ state: 'syncing' });
    const context: SyncContext = {
      log: this.#log,
      store: this.#store,
      runtime: this.#runtime,
      signal,
      report: (progress: SyncProgress) => this.#set({ progress }),
    };
    let session;
    try {
      session = await this.#layout.open(context, { verify });
    } catch (error) {
      const failure = this.#failure(error, signal);
      this.#set({ pullError: failure, pushError: failure });
      throw failure;
    }
    const pull = await this.#half(() => session.pull(), signal);
    this.#set({ pullError: pull.error, ...(pull.error === undefined && { lastPullAt: this.#runtime.now() }) });
    const push = await this.#half(() => session.push(), signal);
    this.#set({ pushError: push.error, ...(push.error === undefined && { lastPushAt: this.#runtime.now() }) });
    const error = pull.error ?? push.error;
    if (error !== undefined) throw error;
    return { pulled: pull.changes, pushed: push.changes };
  }

  async #half(
    work: () => Promise<SyncOutcome>,
    signal: AbortSignal | undefined,
  ): Promise<{ changes: number; error: SyncError | undefined }> {
    try {
      const { changes, problems } = await work();
      return { changes, error: combine(problems) };
    } catch (error) {
      return { changes: 0, error: this.#failure(error, signal) };
    }
  }

  /** @throws the reason of the signal, if it is that */
  #failure(error: unknown, signal: AbortSignal | undefined): SyncError {
    if (signal?.aborted) throw signal.reason as Error;
    return asSyncError(error);
  }

  #set(change: Partial<SyncStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#listeners) {
      try {
        listener(this.#status);
      } catch (error) {
        // A page that shows it wrongly is no reason not to sync.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** One error that tells of all. */
function combine(problems: readonly SyncError[]): SyncError | undefined {
  const [first, ...rest] = problems;
  if (first === undefined || rest.length === 0) return first;
  const more = `${rest.length} more: ${rest.map(({ message }) => message).join(' ')}`;
  const cause = new AggregateError(problems, first.message);
  return new SyncError(first.code, `${first.message} And ${more.slice(0, 2000)}`, { cause });
}
