/** Turns of the event loop that a batch waits at most. */
const MAX_TURNS = 4;
/** With so many in a batch, handing it over costs next to nothing for each: it waits no longer. */
const ENOUGH = 128;

/**
 * Lets a batch grow for as long as each turn of the event loop brings more for it, and four turns at most.
 *
 * To hand a batch over costs both threads as much as several calls do. Many clients with one call each in flight arrive
 * a few in each turn: with one batch for each of those, the server took a quarter more processor for a call.
 */
export class Gathering {
  readonly #size: () => number;
  readonly #finish: () => void;
  readonly #defer: (run: () => void) => void;
  #isUnderWay = false;
  #lastSize = 0;
  #turns = 0;

  /**
   * @param size how much the batch has by now
   * @param finish takes the batch away
   * @param defer runs a function in the next turn
   */
  constructor(size: () => number, finish: () => void, defer: (run: () => void) => void = setImmediate) {
    this.#size = size;
    this.#finish = finish;
    this.#defer = defer;
  }

  /** Something was put into the batch: sees to it that it is finished soon. */
  begin(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#lastSize = 0;
    this.#turns = 0;
    this.#defer(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    const size = this.#size();
    if (size > this.#lastSize && size < ENOUGH && ++this.#turns < MAX_TURNS) {
      this.#lastSize = size;
      this.#defer(this.#endTurn);
      return;
    }
    this.#isUnderWay = false;
    this.#finish();
  };
}
