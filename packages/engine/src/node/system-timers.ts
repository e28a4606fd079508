import type { Clock } from '../clock.ts';
import type { Timers, WakeUp } from '../timers.ts';

/** Wake-ups by the event loop of Node. A wake-up keeps the program running, as `setTimeout` does. */
export class SystemTimers implements Timers {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wakeAt(timeMicros: bigint, run: () => void): WakeUp {
    return new SystemWakeUp(this.#clock, timeMicros, run);
  }
}

class SystemWakeUp implements WakeUp {
  readonly #clock: Clock;
  readonly #timeMicros: bigint;
  /** When enough time has passed, whatever the wall clock says. */
  readonly #monotonicNanos: bigint;
  readonly #run: () => void;
  #immediate: NodeJS.Immediate | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(clock: Clock, timeMicros: bigint, run: () => void) {
    this.#clock = clock;
    this.#timeMicros = timeMicros;
    this.#monotonicNanos = clock.monotonicNanos() + (timeMicros - clock.nowMicros()) * 1000n;
    this.#run = run;
    this.#wait();
  }

  cancel(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timeout);
  }

  #wait(): void {
    const leftMicros = this.#leftMicros();
    if (leftMicros <= SOON_MICROS) {
      this.#immediate = setImmediate(() => this.#look());
      return;
    }
    const leftMs = Number((leftMicros + 999n) / 1000n);
    this.#timeout = setTimeout(() => this.#look(), Math.min(leftMs, LONGEST_SLEEP_MS));
  }

  /** Timers of Node may be early by a part of a millisecond, and these by long sleeps. */
  #look(): void {
    if (this.#leftMicros() <= 0n) this.#run();
    else this.#wait();
  }

  #leftMicros(): bigint {
    const byClock = this.#timeMicros - this.#clock.nowMicros();
    const byDuration = (this.#monotonicNanos - this.#clock.monotonicNanos()) / 1000n;
    return byClock < byDuration ? byClock : byDuration;
  }
}

/** Less than the shortest timeout of Node, 1 ms, by so much that waiting for it would be long. */
const SOON_MICROS = 100n;

/**
 * How late a jump of the wall clock is noticed at most. It is far below the longest timeout of Node
 * (2^31 ms), beyond which a timer would fire at once.
 */
const LONGEST_SLEEP_MS = 10_000;
