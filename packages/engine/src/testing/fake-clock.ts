import type { Clock } from '../clock.ts';

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #micros: bigint;

  /** @param start where it stands first; 2024-01-01 unless told */
  constructor(start: Date = new Date('2024-01-01T00:00:00Z')) {
    this.#micros = BigInt(start.getTime()) * 1000n;
  }

  nowMicros(): bigint {
    return this.#micros;
  }

  monotonicNanos(): bigint {
    return this.#micros * 1000n;
  }

  /** Moves the time on. */
  advance(milliseconds: number): void {
    this.#micros += BigInt(Math.round(milliseconds * 1000));
  }
}
