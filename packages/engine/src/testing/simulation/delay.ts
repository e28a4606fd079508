import type { FakeClock } from '../fake-clock.ts';

/** Lets things happen after a random while each, and still one after the other. */
export class Delay {
  readonly #clock: FakeClock;
  readonly #micros: () => number;
  #last = 0n;

  /** @param micros how long the next thing takes */
  constructor(clock: FakeClock, micros: () => number) {
    this.#clock = clock;
    this.#micros = micros;
  }

  after(run: () => void): void {
    const time = this.#clock.nowMicros() + BigInt(Math.floor(this.#micros()));
    this.#last = time > this.#last ? time : this.#last;
    this.#clock.wakeAt(this.#last, run);
  }
}
