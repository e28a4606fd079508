/** Starts a timer. @returns what stops it */
export type StartTimer = (ms: number, expired: () => void) => () => void;

/** Gives up waiting when nothing has been heard for as long as was said last. */
export class SilenceTimer implements Disposable {
  readonly #startTimer: StartTimer;
  readonly #aborting = new AbortController();
  #stop: () => void = () => {};

  constructor(startTimer: StartTimer) {
    this.#startTimer = startTimer;
  }

  /** Aborted when it was silent for too long. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** Something was heard, or is begun: from now on, `ms` of silence are borne. */
  allow(ms: number): void {
    this.#stop();
    this.#stop = this.#startTimer(ms, () => this.#aborting.abort(new Error(`nothing was heard for ${ms} ms`)));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
