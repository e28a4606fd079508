import { type KeyType, equalBytes, hashBytes } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import { HashedPointers } from './hashed-pointers.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import type { RowLinks } from './table-index.ts';

/**
 * All rows of a table by their bytes: how a table without a unique index finds out that it has a row
 * already. Rows that differ only in the bits of a NaN or the sign of a zero are different rows.
 *
 * Where few rows have the same key, its hash is enough to find a row by, and stays the same when the row is updated.
 */
export class RowSet implements RowLinks {
  /** What is hashed of a row; all of it if undefined. */
  readonly key: KeyType | undefined;
  readonly #rows: RowPages;
  readonly #pointers = new HashedPointers();

  constructor(rows: RowPages, key?: KeyType) {
    this.#rows = rows;
    this.key = key;
  }

  get byteSize(): number {
    return this.#pointers.byteSize;
  }

  insert(row: RowPointer): RowPointer {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    const end = start + this.#rows.length(row);
    const hash = this.hash(bytes, start, end);
    const slot = this.#slotWith(hash, bytes, start, end);
    if (slot >= 0) return this.#pointers.at(slot);
    this.add(hash, row);
    return NO_ROW;
  }

  /** Adds a row, of which there is none yet, under its hash. */
  add(hash: number, row: RowPointer): void {
    this.#pointers.add(hash, row);
  }

  remove(row: RowPointer): void {
    this.#pointers.removeAt(this.#slotOf(row));
  }

  /** The row with exactly these bytes, or NO_ROW. */
  find(bytes: Uint8Array, start: number, end: number): RowPointer {
    const slot = this.#slotWith(this.hash(bytes, start, end), bytes, start, end);
    return slot < 0 ? NO_ROW : this.#pointers.at(slot);
  }

  /** The row with this hash; NO_ROW if there is none, MANY_ROWS if there are several. */
  findHashed(hash: number): RowPointer {
    const slot = this.#pointers.first(hash);
    if (slot < 0) return NO_ROW;
    return this.#pointers.next(slot) < 0 ? this.#pointers.at(slot) : MANY_ROWS;
  }

  /** Removes the row with exactly these bytes. @returns it, or NO_ROW */
  take(bytes: Uint8Array, start: number, end: number): RowPointer {
    const slot = this.#slotWith(this.hash(bytes, start, end), bytes, start, end);
    if (slot < 0) return NO_ROW;
    const row = this.#pointers.at(slot);
    this.#pointers.removeAt(slot);
    return row;
  }

  clear(expectedRows?: number): void {
    this.#pointers.clear(expectedRows);
  }

  /** Of a row, by which it is found. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    return this.key === undefined ? hashBytes(bytes, start, end) : this.key.hashRow(bytes, start);
  }

  #slotWith(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const pointers = this.#pointers;
    const length = end - start;
    for (let slot = pointers.first(hash); slot >= 0; slot = pointers.next(slot)) {
      const row = pointers.at(slot);
      if (
        this.#rows.length(row) === length &&
        equalBytes(bytes, start, this.#rows.bytes(row), this.#rows.start(row), length)
      ) {
        return slot;
      }
    }
    return -1;
  }

  #slotOf(row: RowPointer): number {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    const slot = this.#pointers.find(this.hash(bytes, start, start + this.#rows.length(row)), row);
    if (slot < 0) throw new StoreError('STORE_CORRUPT', `row ${row} is missing from the set of its table's rows`);
    return slot;
  }
}

/** No row pointer: several rows are meant. */
export const MANY_ROWS = -2;
