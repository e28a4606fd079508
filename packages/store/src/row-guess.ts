import { NO_ROW, type RowPointer } from './row-pointer.ts';

/**
 * Guesses where the row with a key lies: rows with the numbers 1, 2, 3, … that were inserted in this order lie side by
 * side, so that key and pointer differ by the same number everywhere. A guess that is right costs one line of memory, the
 * row's own, however large the table is; whoever asks has to look whether it is.
 *
 * The difference is learnt from look-ups that went through the index. Guesses are made only while most would be right.
 */
export class RowGuess {
  /** Pointer less key. */
  #offset = 0;
  /** Goes up where a row is where it would be guessed, down where it is not. */
  #confidence = 0;

  /** Where the row with a key might lie, or NO_ROW. */
  of(key: number): RowPointer {
    if (this.#confidence < CONFIDENT) return NO_ROW;
    const row = key + this.#offset;
    return row === (row | 0) ? row : NO_ROW;
  }

  wasRight(): void {
    if (this.#confidence < SURE) this.#confidence++;
  }

  /** A row was found without a guess, or in spite of a wrong one. */
  learn(key: number, row: RowPointer): void {
    if (row - key === this.#offset) {
      this.wasRight();
    } else if (this.#confidence > 0) {
      this.#confidence -= 2;
    } else {
      this.#offset = row - key;
    }
  }
}

const CONFIDENT = 16;
const SURE = 64;
