import { equalBytes, hashBytes } from '@lightcone/sats';
import { HashedPointers } from './hashed-pointers.ts';
import { PointerList } from './pointer-list.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import type { RowPages } from './row-pages.ts';

/**
 * The rows of one table that the open transaction deleted, by position in the order of deletion.
 *
 * A row that was updated in place gave its own place to its successor: its bytes lie elsewhere then, and its place is
 * known here. Both questions (is there a deleted row with these bytes, whose successor lies here) are seldom asked, so
 * more than a few rows are hashed only when one of them is.
 */
export class DeletedRows {
  /** While the transaction is open: NO_ROW at the positions of rows that came back. */
  readonly pointers: PointerList = new PointerList();
  readonly #rows: RowPages;
  /** For each position, the place that the row's successor has; else NO_ROW. */
  readonly #places = new PointerList();
  /** Entries that are rows. */
  #count = 0;
  /** Of these, rows whose place has a successor. */
  #succeededCount = 0;
  /** Positions by the hash of the row, and by the place of those that have a successor there; the first `#hashedCount`. */
  readonly #byHash = new HashedPointers();
  readonly #byPlace = new HashedPointers();
  #hashedCount = 0;

  constructor(rows: RowPages) {
    this.#rows = rows;
  }

  get byteSize(): number {
    return this.pointers.byteSize + this.#places.byteSize + this.#byHash.byteSize + this.#byPlace.byteSize;
  }

  /** @param place where the row lay before its successor was put there; NO_ROW for a row that lies where it always did */
  push(row: RowPointer, place: RowPointer = NO_ROW): void {
    this.pointers.push(row);
    this.#places.push(place);
    this.#count++;
    if (place >= 0) this.#succeededCount++;
  }

  /** The place of the row at `position`, which its successor has; or NO_ROW. */
  place(position: number): RowPointer {
    return this.#places.at(position);
  }

  /** The position of the row with exactly these bytes, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#count === 0) return -1;
    const { pointers } = this;
    if (pointers.length <= MAX_COMPARED_ONE_BY_ONE) {
      for (let i = 0; i < pointers.length; i++) {
        if (pointers.at(i) >= 0 && this.#equals(pointers.at(i), bytes, start, end)) return i;
      }
      return -1;
    }
    this.#hash();
    const byHash = this.#byHash;
    for (let slot = byHash.first(hashBytes(bytes, start, end)); slot >= 0; slot = byHash.next(slot)) {
      if (this.#equals(pointers.at(byHash.at(slot)), bytes, start, end)) return byHash.at(slot);
    }
    return -1;
  }

  /** The position of the row whose successor lies at `place`, or -1. */
  findByPlace(place: RowPointer): number {
    if (this.#succeededCount === 0) return -1;
    const places = this.#places;
    if (places.length <= MAX_COMPARED_ONE_BY_ONE) {
      for (let i = 0; i < places.length; i++) if (places.at(i) === place) return i;
      return -1;
    }
    this.#hash();
    const slot = this.#byPlace.first(place);
    return slot < 0 ? -1 : this.#byPlace.at(slot);
  }

  /** The row at `position` is back in its place, `row`, which has no successor any more. */
  restore(position: number, row: RowPointer): void {
    if (position < this.#hashedCount) this.#byPlace.removeAt(this.#byPlace.first(this.#places.at(position)));
    this.pointers.set(position, row);
    this.#places.set(position, NO_ROW);
    this.#succeededCount--;
  }

  /** The row at `position`, which has no successor and whose bytes are still there, is not deleted any more. */
  forget(position: number): void {
    const { pointers } = this;
    if (position < this.#hashedCount) {
      const byHash = this.#byHash;
      byHash.removeAt(byHash.find(this.#hashOf(pointers.at(position)), position));
    }
    this.#count--;
    pointers.set(position, NO_ROW);
    if (position < pointers.length - 1) return;
    pointers.pop();
    this.#places.pop();
    this.#hashedCount = Math.min(this.#hashedCount, pointers.length);
  }

  /** Takes the positions of rows that came back out of the list. */
  closeGaps(): void {
    const { pointers } = this;
    const places = this.#places;
    if (this.#count === pointers.length) return;
    let kept = 0;
    for (let i = 0; i < pointers.length; i++) {
      if (pointers.at(i) < 0) continue;
      places.set(kept, places.at(i));
      pointers.set(kept++, pointers.at(i));
    }
    pointers.truncate(kept);
    places.truncate(kept);
    this.#forgetHashes(); // they are those of the positions of before
  }

  clear(): void {
    this.pointers.clear();
    this.#places.clear();
    this.#count = 0;
    this.#succeededCount = 0;
    this.#forgetHashes();
  }

  /** Takes the rows into the hash tables that were deleted since the last time. */
  #hash(): void {
    const { pointers } = this;
    for (; this.#hashedCount < pointers.length; this.#hashedCount++) {
      const position = this.#hashedCount;
      const row = pointers.at(position);
      if (row < 0) continue;
      this.#byHash.add(this.#hashOf(row), position);
      if (this.#places.at(position) >= 0) this.#byPlace.add(this.#places.at(position), position);
    }
  }

  #forgetHashes(): void {
    if (this.#hashedCount === 0) return;
    this.#byHash.clear();
    this.#byPlace.clear();
    this.#hashedCount = 0;
  }

  #hashOf(row: RowPointer): number {
    const rows = this.#rows;
    return hashBytes(rows.bytes(row), rows.start(row), rows.start(row) + rows.length(row));
  }

  #equals(row: RowPointer, bytes: Uint8Array, start: number, end: number): boolean {
    const rows = this.#rows;
    const length = end - start;
    return rows.length(row) === length && equalBytes(rows.bytes(row), rows.start(row), bytes, start, length);
  }
}

const MAX_COMPARED_ONE_BY_ONE = 8;
