import type { Clock } from '../clock.ts';

/**
 * How much of its own work a database may do in one turn of the event loop: clients wait for the end
 * of the turn, so it is ended when a few milliseconds are over, and after one call if that took longer.
 */
export class TurnBudget {
  readonly #clock: Clock;
  #calls = 0;
  #endNanos = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#calls = 0;
    this.#endNanos = this.#clock.monotonicNanos() + MAX_TURN_NANOS;
  }

  /** Counts a call; says whether there must be no other in this turn. */
  isSpentAfterCall(): boolean {
    return ++this.#calls >= MAX_CALLS_PER_TURN || this.#clock.monotonicNanos() >= this.#endNanos;
  }
}

const MAX_TURN_NANOS = 2_000_000n;
const MAX_CALLS_PER_TURN = 64;
