import {
  changeCounter,
  changeIdStem,
  changeIdTail,
  changeTimeMs,
  endOfTimeMs,
  lastCounterDigit,
  maxCounter,
} from './change-id.ts';
import { LocalError } from './errors.ts';

/**
 * A hybrid logical clock (Kulkarni et al., 2014) whose stamps are UUIDv7 texts: as close to the wall clock as order
 * allows, and always after everything it has given out or seen, however the wall clock jumps.
 *
 * It keeps nothing on disk: the log does. `observe` the greatest id of the log before the first `tick` of a transaction,
 * and neither a restart with the clock set back nor a second process on the file can make an id that sorts too early.
 */
export class HybridClock {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #ms = 0;
  #counter = 0;
  /** The random end of this millisecond's ids: what tells them from another device's of the same time and count. */
  #tail = changeIdTail(0, 0);
  /** The beginning of the next id, empty if it must be made: most ids differ from the one before in a digit. */
  #stem = '';

  /**
   * @param nowMs the wall clock, Unix milliseconds
   * @param random 32 random bits
   */
  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  /**
   * The next id: greater than every id before it and every id observed.
   * @throws LocalError `LOCAL_CLOCK_EXHAUSTED` if ids of the year 2199 were seen and their counters are used up
   */
  tick(): string {
    const wall = Math.floor(this.#nowMs());
    if (wall > this.#ms && wall < endOfTimeMs) {
      this.#ms = wall;
      // Begins low, so that a burst within the millisecond has room, but not at 0, as counters tell processes apart.
      this.#counter = this.#random() >>> 4;
      this.#tail = changeIdTail(this.#random(), this.#random());
      this.#stem = '';
    } else if (this.#counter < maxCounter) {
      this.#counter++;
      if ((this.#counter & 0xf) === 0) this.#stem = '';
    } else {
      this.#ms++;
      this.#counter = 0;
      this.#stem = '';
    }
    if (this.#ms >= endOfTimeMs)
      throw new LocalError(
        'LOCAL_CLOCK_EXHAUSTED',
        'the log has a change of the last millisecond of 2199: no later one can be made. Start a new database',
      );
    this.#stem ||= changeIdStem(this.#ms, this.#counter);
    return this.#stem + lastCounterDigit(this.#counter) + this.#tail;
  }

  /** Never again gives out an id that is not greater than `id`. */
  observe(id: string): void {
    const ms = changeTimeMs(id);
    if (ms < this.#ms) return;
    const counter = changeCounter(id);
    if (ms > this.#ms || counter > this.#counter) {
      // Whoever made this id may count on from it as well.
      this.#tail = changeIdTail(this.#random(), this.#random());
      this.#ms = ms;
      this.#counter = counter;
      this.#stem = '';
    }
  }

  /** By how much `id` is ahead of the wall clock, in milliseconds; negative if it lies behind. */
  aheadMs(id: string): number {
    return changeTimeMs(id) - this.#nowMs();
  }
}
