import { type AlgebraicType, type KeyType, type RowType, compileKey } from '@lightcone/sats';
import { BTreeIndex } from './btree-index.ts';
import type { IndexDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import type { PointerList } from './pointer-list.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import type { Bound, TableIndex } from './table-index.ts';

/**
 * A unique index whose key is the position in an array: for dense small numbers and plain enums.
 *
 * The array is made of pages of 1024 pointers. A key gets into the array if its page is there, or if
 * making the page leaves the array at least a 16th full (the first 64 pages are free). Keys that
 * would make the array too sparse, and those over 2^26, go to a B-tree beside it, so that no key can
 * make the index take memory out of proportion to the rows.
 */
export class DirectIndex implements TableIndex {
  readonly definition: IndexDefinition;
  readonly key: KeyType;
  readonly #rows: RowPages;
  readonly #keyBytes: number;
  readonly #sparse: BTreeIndex;
  #sparseSize = 0;
  #size = 0;
  #pages: Int32Array[] = [];
  #pageSizes: number[] = [];
  #pageCount = 0;

  constructor(definition: IndexDefinition, rowType: RowType, rows: RowPages) {
    this.definition = definition;
    this.key = compileKey(rowType, definition.columns);
    this.#rows = rows;
    const [column] = this.key.columns;
    if (
      this.key.columns.length !== 1 ||
      column === undefined ||
      !isDirectKey(column.type.type) ||
      !definition.isUnique
    ) {
      throw new StoreError(
        'STORE_INVALID_DEFINITION',
        `index ${definition.name}: a direct index is unique and on one column of type u8, u16, u32, u64 or a plain enum`,
      );
    }
    this.#keyBytes = this.key.staticSize!; // the types that isDirectKey accepts all have one
    this.#sparse = new BTreeIndex(definition, rowType, rows);
  }

  get byteSize(): number {
    return this.#pageCount * PAGE_SIZE * 4 + this.#pages.length * 8 + this.#sparse.byteSize;
  }

  findUnique(key: Uint8Array, start: number, end: number): RowPointer {
    this.key.validate(key, start, end);
    const row = this.#at(this.#read(key, start));
    return row >= 0 || this.#sparseSize === 0 ? row : this.#sparse.findUnique(key, start, end);
  }

  seekPoint(key: Uint8Array, start: number, end: number, out: PointerList): void {
    const row = this.findUnique(key, start, end);
    if (row >= 0) out.push(row);
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
    // Checks the arguments, too.
    this.#sparse.scanRange(bytes, prefixStart, prefixEnd, prefixColumns, lower, upper, out);
    let from = 0;
    if (lower.kind !== 'unbounded') from = this.#read(bytes, lower.start) + (lower.kind === 'excluded' ? 1 : 0);
    let to = this.#pages.length * PAGE_SIZE - 1;
    if (upper.kind !== 'unbounded')
      to = Math.min(to, this.#read(bytes, upper.start) - (upper.kind === 'excluded' ? 1 : 0));
    while (from <= to) {
      const page = this.#pages[Math.floor(from / PAGE_SIZE)]!; // from <= to < pages.length * PAGE_SIZE
      const end = Math.min(to + 1, from - (from % PAGE_SIZE) + PAGE_SIZE);
      for (; page !== NO_PAGE && from < end; from++) {
        const row = page[from % PAGE_SIZE]!;
        if (row >= 0) out.push(row);
      }
      from = end;
    }
  }

  insert(row: RowPointer): RowPointer {
    const value = this.#valueOf(row);
    const equal = this.#at(value);
    if (equal >= 0) return equal;
    const bytes = this.#rows.bytes(row);
    if (this.#sparseSize > 0) {
      const sparse = this.#sparse.findRow(bytes, this.#rows.start(row));
      if (sparse >= 0) return sparse;
    }
    const page = this.#pageFor(value);
    if (page === NO_PAGE) {
      this.#sparse.insert(row);
      this.#sparseSize++;
    } else {
      page[value % PAGE_SIZE] = row;
      this.#pageSizes[Math.floor(value / PAGE_SIZE)]!++;
      this.#size++;
    }
    return NO_ROW;
  }

  remove(row: RowPointer): void {
    const value = this.#valueOf(row);
    if (this.#at(value) !== row) {
      this.#sparse.remove(row);
      this.#sparseSize--;
      return;
    }
    const number = Math.floor(value / PAGE_SIZE);
    this.#pages[number]![value % PAGE_SIZE] = NO_ROW; // #at found the row there
    this.#size--;
    if (--this.#pageSizes[number]! === 0 && this.#pageCount > 1) {
      this.#pages[number] = NO_PAGE;
      this.#pageCount--;
    }
  }

  replace(old: RowPointer, row: RowPointer): void {
    const value = this.#valueOf(row);
    if (this.#at(value) === old) this.#pages[Math.floor(value / PAGE_SIZE)]![value % PAGE_SIZE] = row;
    else this.#sparse.replace(old, row);
  }

  findRow(bytes: Uint8Array, rowStart: number): RowPointer {
    const row = this.#at(this.#read(bytes, this.key.columns[0]!.start(bytes, rowStart)));
    return row >= 0 || this.#sparseSize === 0 ? row : this.#sparse.findRow(bytes, rowStart);
  }

  clear(): void {
    this.#sparse.clear();
    this.#sparseSize = 0;
    this.#size = 0;
    this.#pages = [];
    this.#pageSizes = [];
    this.#pageCount = 0;
  }

  #valueOf(row: RowPointer): number {
    const bytes = this.#rows.bytes(row);
    return this.#read(bytes, this.key.columns[0]!.start(bytes, this.#rows.start(row)));
  }

  /** The key's number; exact where it matters, below MAX_DIRECT. */
  #read(bytes: Uint8Array, at: number): number {
    let value = 0;
    for (let i = this.#keyBytes - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
    return value;
  }

  #at(value: number): RowPointer {
    const number = Math.floor(value / PAGE_SIZE);
    return number < this.#pages.length ? this.#pages[number]![value % PAGE_SIZE]! : NO_ROW;
  }

  /** The page for a value, made if the array stays dense enough; else NO_PAGE. */
  #pageFor(value: number): Int32Array {
    if (value >= MAX_DIRECT) return NO_PAGE;
    const number = Math.floor(value / PAGE_SIZE);
    const page = this.#pages[number] ?? NO_PAGE;
    if (page !== NO_PAGE) return page;
    if (this.#pageCount >= FREE_PAGES && (this.#pageCount + 1) * PAGE_SIZE > this.#size * MAX_SPARSENESS)
      return NO_PAGE;
    while (this.#pages.length <= number) {
      this.#pages.push(NO_PAGE);
      this.#pageSizes.push(0);
    }
    this.#pageCount++;
    return (this.#pages[number] = new Int32Array(PAGE_SIZE).fill(NO_ROW));
  }
}

function isDirectKey(type: AlgebraicType): boolean {
  switch (type.tag) {
    case 'U8':
    case 'U16':
    case 'U32':
    case 'U64':
      return true;
    case 'Sum':
      return type.variants.every(({ type: payload }) => payload.tag === 'Product' && payload.elements.length === 0);
    default:
      return false;
  }
}

const PAGE_SIZE = 1024;
const MAX_DIRECT = 2 ** 26;
const FREE_PAGES = 64;
const MAX_SPARSENESS = 16;
/** Shared by all places without a page; never written. */
const NO_PAGE = new Int32Array(PAGE_SIZE).fill(NO_ROW);
