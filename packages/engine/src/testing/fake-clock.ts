import type { Clock } from '../clock.ts';
import type { Timers, WakeUp } from '../timers.ts';

/**
 * A clock that stands still until a test moves it, and the timers that go by it.
 *
 *     await test.clock.advance(60_000); // fires what is due within this minute, in order
 *
 * Nothing fires but inside `advance`, also what is due already: `advance(0)` fires that.
 */
export class FakeClock implements Clock, Timers {
  #wallMicros: bigint;
  #elapsedMicros = 0n;
  readonly #wakeUps: FakeWakeUp[] = [];
  #deferredCount = 0;
  #isMoving = false;

  /** @param start where it stands first; 2024-01-01 unless told */
  constructor(start: Date = new Date('2024-01-01T00:00:00Z')) {
    this.#wallMicros = BigInt(start.getTime()) * 1000n;
  }

  nowMicros(): bigint {
    return this.#wallMicros;
  }

  monotonicNanos(): bigint {
    return this.#elapsedMicros * 1000n;
  }

  monotonicMs(): number {
    return Number(this.#elapsedMicros) / 1000;
  }

  /** Wake-ups that are set. */
  get wakeUpCount(): number {
    return this.#wakeUps.length;
  }

  wakeAt(timeMicros: bigint, run: () => void): WakeUp {
    const left = timeMicros - this.#wallMicros;
    const wakeUp: FakeWakeUp = { timeMicros, elapsedMicros: this.#elapsedMicros + left, run };
    this.#wakeUps.push(wakeUp);
    return { cancel: () => this.#remove(wakeUp) };
  }

  /** Runs a function in a later turn of the event loop; the clock does not move on before. Bound: pass it as it is. */
  readonly defer = (run: () => void): void => {
    this.#deferredCount++;
    setImmediate(() => {
      this.#deferredCount--;
      run();
    });
  };

  /**
   * Lets time pass. The clock stops at each wake-up on the way, calls it, and goes on when what that
   * began has settled: promises and deferred functions, not the disk or the network. Where nothing is
   * deferred and no wake-up is due it has moved when this returns, awaited or not.
   * @returns when the clock has arrived and all is settled
   */
  async advance(milliseconds: number): Promise<void> {
    if (milliseconds < 0) throw new RangeError('time passes forward only; jump() sets the clock back');
    if (this.#isMoving) throw new Error('the clock is moving: await the advance() before');
    this.#isMoving = true;
    try {
      if (this.#deferredCount > 0) await this.#settled();
      const arrival = this.#elapsedMicros + BigInt(Math.round(milliseconds * 1000));
      for (let next = this.#next(); next !== undefined && this.#momentOf(next) <= arrival; next = this.#next()) {
        this.#pass(this.#momentOf(next) - this.#elapsedMicros);
        this.#remove(next);
        next.run();
        await this.#settled();
      }
      this.#pass(arrival - this.#elapsedMicros);
      if (this.#deferredCount > 0) await this.#settled();
    } finally {
      this.#isMoving = false;
    }
  }

  /** Sets the wall clock forward, or back, as an operator would: no time passes, nothing fires yet. */
  jump(milliseconds: number): void {
    this.#wallMicros += BigInt(Math.round(milliseconds * 1000));
  }

  #pass(micros: bigint): void {
    if (micros <= 0n) return;
    this.#wallMicros += micros;
    this.#elapsedMicros += micros;
  }

  /** The elapsed time at which a wake-up is due, by the clock as it is set now. */
  #momentOf({ timeMicros, elapsedMicros }: FakeWakeUp): bigint {
    const byClock = this.#elapsedMicros + (timeMicros - this.#wallMicros);
    return byClock < elapsedMicros ? byClock : elapsedMicros;
  }

  /** The wake-up that is due first; among equals, the one that was set first. */
  #next(): FakeWakeUp | undefined {
    let first: FakeWakeUp | undefined;
    for (const wakeUp of this.#wakeUps) {
      if (first === undefined || this.#momentOf(wakeUp) < this.#momentOf(first)) first = wakeUp;
    }
    return first;
  }

  #remove(wakeUp: FakeWakeUp): void {
    const position = this.#wakeUps.indexOf(wakeUp);
    if (position >= 0) this.#wakeUps.splice(position, 1);
  }

  async #settled(): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve)); // all promises that can settle do so before
      if (this.#deferredCount === 0) return;
    }
    throw new Error(`deferred work went on for ${MAX_TURNS} turns of the event loop: it seems to have no end`);
  }
}

interface FakeWakeUp {
  readonly timeMicros: bigint;
  /** When enough time has passed, whatever the wall clock says. */
  readonly elapsedMicros: bigint;
  readonly run: () => void;
}

const MAX_TURNS = 100_000;
