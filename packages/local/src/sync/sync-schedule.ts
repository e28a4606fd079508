import type { SyncRuntime } from './runtime.ts';

/** When a sync that was started works. Milliseconds. */
export interface SyncTimes {
  /** From the end of one sync to the next. */
  readonly intervalMs: number;
  /** From a write of this database to the sync that brings it away, and others of the same moment. */
  readonly afterWriteMs: number;
  /** The longest wait after failures; each doubles the one before. */
  readonly maxBackoffMs: number;
}

const DEFAULTS: SyncTimes = { intervalMs: 10_000, afterWriteMs: 1000, maxBackoffMs: 300_000 };

/** Decides when to sync: at the start, after writes, from time to time, ever later after failures. */
export class SyncSchedule {
  readonly #runtime: SyncRuntime;
  readonly #sync: (signal: AbortSignal) => Promise<unknown>;
  #times: SyncTimes = DEFAULTS;
  #stopping: AbortController | undefined;
  #stopListening: () => void = () => {};
  #stopTimer: () => void = () => {};
  #running: Promise<void> | undefined;
  #failures = 0;
  #hasWritten = false;

  constructor(runtime: SyncRuntime, sync: (signal: AbortSignal) => Promise<unknown>) {
    this.#runtime = runtime;
    this.#sync = sync;
  }

  get isStarted(): boolean {
    return this.#stopping !== undefined;
  }

  start(times: Partial<SyncTimes>, stopListening: () => void): void {
    if (this.#stopping !== undefined) {
      stopListening();
      return;
    }
    this.#times = { ...DEFAULTS, ...times };
    this.#stopping = new AbortController();
    this.#stopListening = stopListening;
    this.#failures = 0;
    this.#wait(0);
  }

  async stop(): Promise<void> {
    this.#stopListening();
    this.#stopTimer();
    this.#stopping?.abort(new DOMException('the sync was stopped', 'AbortError'));
    this.#stopping = undefined;
    await this.#running;
  }

  wrote(): void {
    if (this.#running !== undefined) this.#hasWritten = true;
    // A storage that fails is not asked more often because there is more to bring.
    else if (this.#failures === 0) this.#wait(this.#times.afterWriteMs);
  }

  #wait(ms: number): void {
    const stopping = this.#stopping;
    if (stopping === undefined) return;
    this.#stopTimer();
    this.#stopTimer = this.#runtime.startTimer(ms, () => {
      this.#running = this.#run(stopping).finally(() => {
        this.#running = undefined;
      });
    });
  }

  async #run(stopping: AbortController): Promise<void> {
    this.#hasWritten = false;
    try {
      await this.#sync(stopping.signal);
      this.#failures = 0;
    } catch {
      // The status has it.
      this.#failures++;
    }
    if (stopping !== this.#stopping) return;
    const { intervalMs, afterWriteMs, maxBackoffMs } = this.#times;
    if (this.#failures > 0) this.#wait(Math.min(intervalMs * 2 ** (this.#failures - 1), maxBackoffMs));
    else this.#wait(this.#hasWritten ? afterWriteMs : intervalMs);
  }
}
