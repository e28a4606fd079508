import { FakeClock } from '../../src/testing/index.ts';

/** Time that is counted, not measured: some passes whenever the engine looks at the clock, which it does after each step. */
export class BusyClock extends FakeClock {
  readonly #msPerLook: number;
  #ms = 0;

  constructor(msPerLook: number) {
    super();
    this.#msPerLook = msPerLook;
  }

  override monotonicMs(): number {
    return (this.#ms += this.#msPerLook);
  }
}
