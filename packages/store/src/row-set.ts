import { equalBytes, hashBytes } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import { HashedPointers } from './hashed-pointers.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import type { RowLinks } from './table-index.ts';

/**
 * All rows of a table by their bytes: how a table without a unique index finds out that it has a row
 * already. Rows that differ only in the bits of a NaN or the sign of a zero are different rows.
 */
export class RowSet implements RowLinks {
  readonly #rows: RowPages;
  readonly #pointers = new HashedPointers();

  constructor(rows: RowPages) {
    this.#rows = rows;
  }

  get byteSize(): number {
    return this.#pointers.byteSize;
  }

  insert(row: RowPointer): RowPointer {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    const end = start + this.#rows.length(row);
    const hash = hashBytes(bytes, start, end);
    const slot = this.#slotWith(hash, bytes, start, end);
    if (slot >= 0) return this.#pointers.at(slot);
    this.#pointers.add(hash, row);
    return NO_ROW;
  }

  remove(row: RowPointer): void {
    this.#pointers.removeAt(this.#slotOf(row));
  }

  /** The row with exactly these bytes, or NO_ROW. */
  find(bytes: Uint8Array, start: number, end: number): RowPointer {
    const slot = this.#slotWith(hashBytes(bytes, start, end), bytes, start, end);
    return slot < 0 ? NO_ROW : this.#pointers.at(slot);
  }

  /** Removes the row with exactly these bytes. @returns it, or NO_ROW */
  take(bytes: Uint8Array, start: number, end: number): RowPointer {
    const slot = this.#slotWith(hashBytes(bytes, start, end), bytes, start, end);
    if (slot < 0) return NO_ROW;
    const row = this.#pointers.at(slot);
    this.#pointers.removeAt(slot);
    return row;
  }

  clear(expectedRows?: number): void {
    this.#pointers.clear(expectedRows);
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
    const slot = this.#pointers.find(hashBytes(bytes, start, start + this.#rows.length(row)), row);
    if (slot < 0) throw new StoreError('STORE_CORRUPT', `row ${row} is missing from the set of its table's rows`);
    return slot;
  }
}
