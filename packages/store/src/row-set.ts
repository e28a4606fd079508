import { type KeyType, equalBytes, hashBytes } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import { HashedPointers } from './hashed-pointers.ts';
import { ColumnHeads, type KeyHeads } from './key-head.ts';
import { RowGuess } from './row-guess.ts';
import type { RowPages } from './row-pages.ts';
import { MANY_ROWS, NO_ROW, type RowPointer } from './row-pointer.ts';
import type { RowLinks } from './table-index.ts';

/**
 * All rows of a table by their bytes: how a table without a unique index finds out that it has a row
 * already. Rows that differ only in the bits of a NaN or the sign of a zero are different rows.
 *
 * Where few rows have the same key, its hash is enough to find a row by, and stays the same when the row is updated. Rows
 * that lie in the order of their keys are then found without the hash, too: `guessByKey`.
 */
export class RowSet implements RowLinks {
  /** What is hashed of a row; all of it if undefined. */
  readonly key: KeyType | undefined;
  readonly #rows: RowPages;
  readonly #pointers = new HashedPointers();
  readonly #heads: KeyHeads | undefined;
  readonly #guess = new RowGuess();
  /** Whether a row was added beside another with its key: then a guess does not tell whether there are more. */
  #hasTwins = false;

  constructor(rows: RowPages, key?: KeyType) {
    this.#rows = rows;
    this.key = key;
    this.#heads = key && new ColumnHeads(key);
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
    if (this.key !== undefined) this.#hasTwins ||= this.findByKey(hash, bytes, start) !== NO_ROW;
    this.#pointers.add(hash, row);
    return NO_ROW;
  }

  /** Adds a row under its hash: the first with its key. */
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

  /** The only row with the key of these bytes, where it can be guessed; else NO_ROW. */
  guessByKey(bytes: Uint8Array, start: number): RowPointer {
    const heads = this.#heads;
    if (heads === undefined || this.#hasTwins) return NO_ROW;
    const head = heads.ofRow(bytes, start);
    const row = this.#guess.of(head);
    const rows = this.#rows;
    if (row < 0 || Math.abs(head) >= heads.exactBelow || !rows.isVisible(row)) return NO_ROW;
    if (heads.ofRow(rows.bytes(row), rows.start(row)) !== head) return NO_ROW;
    this.#guess.wasRight();
    return row;
  }

  /**
   * The row with the key of these bytes, whose hash is given; NO_ROW if there is none, MANY_ROWS if there are several. Of a
   * set with a key only.
   */
  findByKey(hash: number, bytes: Uint8Array, start: number): RowPointer {
    const rows = this.#rows;
    const pointers = this.#pointers;
    let found = NO_ROW;
    for (let slot = pointers.first(hash); slot >= 0; slot = pointers.next(slot)) {
      const row = pointers.at(slot);
      if (this.key!.compareRows(rows.bytes(row), rows.start(row), bytes, start) !== 0) continue;
      if (found !== NO_ROW) return MANY_ROWS;
      found = row;
    }
    if (found !== NO_ROW) this.#guess.learn(this.#heads!.ofRow(bytes, start), found);
    return found;
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
    this.#hasTwins = false;
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
