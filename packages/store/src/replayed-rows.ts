import { MANY_ROWS, NO_ROW, type RowPointer } from './row-pointer.ts';
import type { RowSet } from './row-set.ts';
import type { Table } from './table.ts';

/**
 * The rows of one table while records of transactions are replayed into it: no constraint is checked, but nothing may be
 * missing or double.
 *
 * A record has the rows that were inserted before those that were deleted, so the new row of an update comes before the
 * old one. A row that meets another with its key waits, therefore: when that one is deleted, it takes its place, as the
 * update did. Rows stay where they lie then, and nothing that finds them changes. Most updates are deleted in the order
 * in which they were inserted; what waits in vain is inserted at the end of the record, and before a row is missed.
 */
export class ReplayedRows {
  readonly table: Table;
  /** Those of all tables that have rows which wait. */
  readonly #waiting: ReplayedRows[];
  /** What waits: where its bytes are, and for whose place; NO_ROW when it has that place. */
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #places: RowPointer[] = [];
  #count = 0;
  /** The first of them that was not yet passed by what is deleted. */
  #next = 0;
  #isDoubled = false;

  /** @internal @param table with a row set */
  constructor(table: Table, waiting: ReplayedRows[]) {
    this.table = table;
    this.#waiting = waiting;
  }

  /**
   * Adds a row; false if it is there already. What keeps a row out that waits is known by the replay's `settle`.
   * @param bytes with a valid row at `start`, up to `end`; the same for all rows of a record, and not changed meanwhile
   */
  insert(bytes: Uint8Array, start: number, end: number): boolean {
    const { table } = this;
    const rowSet = this.#rowSet;
    if (rowSet.key === undefined) return this.#insertNow(bytes, start, end);
    let met = rowSet.guessByKey(bytes, start);
    if (met < 0) {
      const hash = rowSet.hash(bytes, start, end);
      met = rowSet.findByKey(hash, bytes, start);
      if (met === NO_ROW) {
        this.#place(hash, bytes, start, end);
        return true;
      }
    }
    // One row at most waits for a place, and no other place has a row of its key: so none waits twice.
    if (met === MANY_ROWS || table.isOwn(met)) {
      this.settle();
      return this.#insertNow(bytes, start, end);
    }
    if (table.equals(met, bytes, start, end)) return false;
    if (this.#count === 0) this.#waiting.push(this);
    this.#bytes = bytes;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#places[this.#count++] = met;
    table.own(met);
    return true;
  }

  /** Removes the row with exactly these bytes, which are a valid row; false if it is not there. */
  delete(bytes: Uint8Array, start: number, end: number): boolean {
    const { table } = this;
    const next = this.#next;
    if (next < this.#count) {
      const place = this.#places[next]!;
      if (table.isVisible(place) && table.equals(place, bytes, start, end)) {
        this.#next++;
        if (table.fits(place, this.#ends[next]! - this.#starts[next]!)) {
          table.rewrite(place, this.#bytes, this.#starts[next]!, this.#ends[next]!);
          table.disown(place);
          this.#places[next] = NO_ROW;
          return true;
        }
      }
    }
    let row = this.#rowSet.take(bytes, start, end);
    if (row < 0 && this.#count > 0) {
      this.settle();
      row = this.#rowSet.take(bytes, start, end);
    }
    if (row < 0) return false;
    table.hide(row);
    table.free(row);
    return true;
  }

  /** @internal Adds what still waits; false if one of the rows that waited was there already, now or before. */
  settle(): boolean {
    const count = this.#count;
    this.#count = 0;
    this.#next = 0;
    this.table.disownAll();
    for (let i = 0; i < count; i++) {
      if (this.#places[i] === NO_ROW) continue;
      if (!this.#insertNow(this.#bytes, this.#starts[i]!, this.#ends[i]!)) this.#isDoubled = true;
    }
    return !this.#isDoubled;
  }

  /** Adds a row that waits for none. */
  #insertNow(bytes: Uint8Array, start: number, end: number): boolean {
    const { table } = this;
    const row = table.place(bytes, start, end);
    if (this.#rowSet.insert(row) >= 0) {
      table.free(row);
      return false;
    }
    table.show(row, false);
    return true;
  }

  /** Adds a row whose key no other has. */
  #place(hash: number, bytes: Uint8Array, start: number, end: number): void {
    const { table } = this;
    const row = table.place(bytes, start, end);
    this.#rowSet.add(hash, row);
    table.show(row, false);
  }

  get #rowSet(): RowSet {
    return this.table.shape.rowSet!; // of a table that is replayed into
  }
}
