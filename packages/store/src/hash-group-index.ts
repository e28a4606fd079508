import { type KeyType, type RowType, compileKey } from '@lightcone/sats';
import type { IndexDefinition } from './definitions.ts';
import { refuseRange } from './hash-index.ts';
import { HashHeads } from './key-head.ts';
import { PointerList } from './pointer-list.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import { RowTree } from './row-tree.ts';
import type { TableIndex } from './table-index.ts';

/**
 * A hash index whose keys are not unique: rows in a tree, ordered by hash and pointer.
 *
 * In a table with open addressing the duplicates of one key would lie in one long chain, and deleting
 * one of them would walk it.
 */
export class HashGroupIndex implements TableIndex {
  readonly definition: IndexDefinition;
  readonly key: KeyType;
  readonly #rows: RowPages;
  readonly #tree: RowTree;
  readonly #found = new PointerList();

  constructor(definition: IndexDefinition, rowType: RowType, rows: RowPages) {
    this.definition = definition;
    this.key = compileKey(rowType, definition.columns);
    this.#rows = rows;
    this.#tree = new RowTree(rows, this.key, new HashHeads(this.key), false);
  }

  get byteSize(): number {
    return this.#tree.byteSize;
  }

  findUnique(key: Uint8Array, start: number, end: number): RowPointer {
    const found = this.#found;
    found.clear();
    this.seekPoint(key, start, end, found);
    return found.length > 0 ? found.at(0) : NO_ROW;
  }

  seekPoint(key: Uint8Array, start: number, end: number, out: PointerList): void {
    this.key.validate(key, start, end);
    const kept = out.length;
    this.#tree.collect(this.key, key, start, true, this.key, key, start, true, out);
    let length = kept;
    for (let i = kept; i < out.length; i++) {
      const row = out.at(i);
      if (this.key.compareKeyToRow(key, start, this.#rows.bytes(row), this.#rows.start(row)) === 0)
        out.set(length++, row);
    }
    out.truncate(length);
  }

  scanRange(): void {
    refuseRange(this.definition);
  }

  insert(row: RowPointer): RowPointer {
    return this.#tree.insert(row);
  }

  remove(row: RowPointer): void {
    this.#tree.remove(row);
  }

  replace(old: RowPointer, row: RowPointer): void {
    this.#tree.replace(old, row);
  }

  findRow(): RowPointer {
    return NO_ROW;
  }

  clear(expectedRows?: number): void {
    this.#tree.clear(expectedRows);
  }
}
