/** What waiting is done with; tests bring their own. */
export interface DelayTimers {
  /** Calls back once, unless cancelled. @returns what cancels it */
  after(ms: number, callback: () => void): () => void;
}

const NODE_TIMERS: DelayTimers = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Runs something after changes: once for all that come close together, one run at a time, and once more for changes that
 * come while it runs.
 */
export class ChangeRunner {
  readonly #run: () => Promise<void>;
  readonly #quietMs: number;
  readonly #timers: DelayTimers;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #isDue = false;
  #isStopped = false;

  /** @param run must not reject. @param quietMs how long it has to be quiet before a run */
  constructor(run: () => Promise<void>, quietMs: number, timers: DelayTimers = NODE_TIMERS) {
    this.#run = run;
    this.#quietMs = quietMs;
    this.#timers = timers;
  }

  /** Says that something has changed. */
  noteChange(): void {
    if (this.#isStopped) return;
    this.#cancel?.();
    this.#cancel = this.#timers.after(this.#quietMs, () => {
      this.#cancel = undefined;
      this.#isDue = true;
      this.#running ??= this.#runWhileDue();
    });
  }

  /** Begins no more runs, and resolves when the last has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #runWhileDue(): Promise<void> {
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      await this.#run();
    }
    this.#running = undefined;
  }
}
