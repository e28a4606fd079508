import { type KeyType, type RowType, compileKey } from '@lightcone/sats';
import type { IndexDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import { HashedPointers } from './hashed-pointers.ts';
import type { PointerList } from './pointer-list.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import type { TableIndex } from './table-index.ts';

/** A unique index that finds whole keys only. */
export class HashIndex implements TableIndex {
  readonly definition: IndexDefinition;
  readonly key: KeyType;
  readonly #rows: RowPages;
  readonly #pointers = new HashedPointers();

  constructor(definition: IndexDefinition, rowType: RowType, rows: RowPages) {
    this.definition = definition;
    this.key = compileKey(rowType, definition.columns);
    this.#rows = rows;
  }

  get byteSize(): number {
    return this.#pointers.byteSize;
  }

  findUnique(key: Uint8Array, start: number, end: number): RowPointer {
    this.key.validate(key, start, end);
    const pointers = this.#pointers;
    for (let slot = pointers.first(this.key.hashKey(key, start)); slot >= 0; slot = pointers.next(slot)) {
      const row = pointers.at(slot);
      if (this.key.compareKeyToRow(key, start, this.#rows.bytes(row), this.#rows.start(row)) === 0) return row;
    }
    return NO_ROW;
  }

  seekPoint(key: Uint8Array, start: number, end: number, out: PointerList): void {
    const row = this.findUnique(key, start, end);
    if (row >= 0) out.push(row);
  }

  scanRange(): void {
    refuseRange(this.definition);
  }

  insert(row: RowPointer): RowPointer {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    const hash = this.key.hashRow(bytes, start);
    const equal = this.#find(hash, bytes, start);
    if (equal < 0) this.#pointers.add(hash, row);
    return equal;
  }

  remove(row: RowPointer): void {
    this.#pointers.removeAt(this.#slotOf(row));
  }

  replace(old: RowPointer, row: RowPointer): void {
    this.#pointers.setAt(this.#slotOf(old), row);
  }

  findRow(bytes: Uint8Array, rowStart: number): RowPointer {
    return this.#find(this.key.hashRow(bytes, rowStart), bytes, rowStart);
  }

  clear(expectedRows?: number): void {
    this.#pointers.clear(expectedRows);
  }

  #find(hash: number, bytes: Uint8Array, rowStart: number): RowPointer {
    const pointers = this.#pointers;
    for (let slot = pointers.first(hash); slot >= 0; slot = pointers.next(slot)) {
      const row = pointers.at(slot);
      if (this.key.compareRows(bytes, rowStart, this.#rows.bytes(row), this.#rows.start(row)) === 0) return row;
    }
    return NO_ROW;
  }

  #slotOf(row: RowPointer): number {
    const slot = this.#pointers.find(this.key.hashRow(this.#rows.bytes(row), this.#rows.start(row)), row);
    if (slot < 0) throw new StoreError('STORE_CORRUPT', `row ${row} is missing from index ${this.definition.name}`);
    return slot;
  }
}

export function refuseRange(definition: IndexDefinition): never {
  throw new StoreError(
    'STORE_NO_RANGE_SCAN',
    `index ${definition.name} is a hash index: it does not support range scans`,
  );
}
