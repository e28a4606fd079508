import { ByteWriter, type KeyType, type RowType, compileKey } from '@lightcone/sats';
import type { IndexDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import { ColumnHeads } from './key-head.ts';
import type { PointerList } from './pointer-list.ts';
import type { RowPages } from './row-pages.ts';
import type { RowPointer } from './row-pointer.ts';
import { RowTree } from './row-tree.ts';
import type { Bound, TableIndex } from './table-index.ts';

/** An ordered index: point look-ups, ranges, and ranges after a prefix of equal columns. */
export class BTreeIndex implements TableIndex {
  readonly definition: IndexDefinition;
  readonly key: KeyType;
  readonly #rowType: RowType;
  readonly #tree: RowTree;
  /** Keys of the first columns only, by their number; made when a range needs them. */
  readonly #partialKeys: KeyType[] = [];
  readonly #lower = new ByteWriter(64);
  readonly #upper = new ByteWriter(64);

  constructor(definition: IndexDefinition, rowType: RowType, rows: RowPages) {
    this.definition = definition;
    this.key = compileKey(rowType, definition.columns);
    this.#rowType = rowType;
    this.#tree = new RowTree(rows, this.key, new ColumnHeads(this.key), definition.isUnique);
  }

  get byteSize(): number {
    return this.#tree.byteSize;
  }

  findUnique(key: Uint8Array, start: number, end: number): RowPointer {
    this.key.validate(key, start, end);
    return this.#tree.findKey(key, start);
  }

  seekPoint(key: Uint8Array, start: number, end: number, out: PointerList): void {
    this.key.validate(key, start, end);
    if (this.definition.isUnique) {
      const row = this.#tree.findKey(key, start);
      if (row >= 0) out.push(row);
    } else {
      this.#tree.collect(this.key, key, start, true, this.key, key, start, true, out);
    }
  }

  scanRange(
    bytes: Uint8Array,
    prefixStart: number,
    prefixEnd: number,
    prefixColumns: number,
    lower: Bound,
    upper: Bound,
    out: PointerList,
  ): void {
    if (prefixColumns >= this.key.columns.length) {
      throw new StoreError(
        'STORE_INVALID_RANGE',
        `index ${this.definition.name} has ${this.key.columns.length} columns: a prefix of ${prefixColumns} leaves none for the range`,
      );
    }
    if (prefixColumns > 0 && this.#partialKey(prefixColumns).validate(bytes, prefixStart, prefixEnd) !== prefixEnd) {
      throw new StoreError(
        'STORE_INVALID_RANGE',
        `bytes are left over after the prefix of a scan of index ${this.definition.name}`,
      );
    }
    const from = this.#writeBound(this.#lower, bytes, prefixStart, prefixEnd, prefixColumns, lower);
    const to = this.#writeBound(this.#upper, bytes, prefixStart, prefixEnd, prefixColumns, upper);
    const includesFrom = lower.kind !== 'excluded';
    const includesTo = upper.kind !== 'excluded';
    this.#tree.collect(from, this.#lower.bytes, 0, includesFrom, to, this.#upper.bytes, 0, includesTo, out);
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

  findRow(bytes: Uint8Array, rowStart: number): RowPointer {
    return this.#tree.findRow(bytes, rowStart);
  }

  clear(expectedRows?: number): void {
    this.#tree.clear(expectedRows);
  }

  /** Writes the prefix and the bound's value as one key; returns its type, or undefined if nothing bounds. */
  #writeBound(
    writer: ByteWriter,
    bytes: Uint8Array,
    prefixStart: number,
    prefixEnd: number,
    prefixColumns: number,
    bound: Bound,
  ): KeyType | undefined {
    writer.reset();
    if (prefixColumns > 0) writer.slice(bytes, prefixStart, prefixEnd);
    if (bound.kind === 'unbounded') return prefixColumns === 0 ? undefined : this.#partialKey(prefixColumns);
    const column = this.key.columns[prefixColumns]!; // below the number of columns: checked by scanRange
    writer.slice(bytes, bound.start, column.type.validate(bytes, bound.start, bound.end));
    return this.#partialKey(prefixColumns + 1);
  }

  #partialKey(columns: number): KeyType {
    if (columns === this.key.columns.length) return this.key;
    return (this.#partialKeys[columns] ??= compileKey(this.#rowType, this.definition.columns.slice(0, columns)));
  }
}
