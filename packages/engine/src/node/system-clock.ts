import type { Clock } from '../clock.ts';

/**
 * The clock of this machine, in microseconds.
 *
 * `Date.now` tells whole milliseconds only, `performance.now` does not hear of it when the clock is
 * set. So the latter is followed, and anchored anew when the two part.
 */
export class SystemClock implements Clock {
  /** The wall clock's time at which `performance.now()` was 0, in milliseconds. */
  #originMs: number = performance.timeOrigin;

  nowMicros(): bigint {
    const elapsedMs = performance.now();
    if (Math.abs(Date.now() - (this.#originMs + elapsedMs)) <= MAX_DIFFERENCE_MS) return this.#microsAt(elapsedMs);
    this.#anchor();
    return this.#microsAt(performance.now());
  }

  monotonicNanos(): bigint {
    return process.hrtime.bigint();
  }

  monotonicMs(): number {
    return performance.now();
  }

  #microsAt(elapsedMs: number): bigint {
    return BigInt(Math.round((this.#originMs + elapsedMs) * 1000));
  }

  #anchor(): void {
    // Readings that a pause of the program lies between are of different moments.
    for (let attempt = 0; attempt < 10; attempt++) {
      const before = performance.now();
      this.#originMs = Date.now() - before;
      if (performance.now() - before < 1) return;
    }
  }
}

/** More than the rounding of `Date.now` and what lies between two readings. */
const MAX_DIFFERENCE_MS = 5;
