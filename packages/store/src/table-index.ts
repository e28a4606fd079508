import type { KeyType } from '@lightcone/sats';
import type { IndexDefinition } from './definitions.ts';
import type { PointerList } from './pointer-list.ts';
import type { RowPointer } from './row-pointer.ts';

/** One end of a range: `bytes[start..end]` is a value of the column that follows the prefix. */
export interface Bound {
  readonly kind: 'included' | 'excluded' | 'unbounded';
  readonly start: number;
  readonly end: number;
}

/**
 * An index, as readers see it. Keys and bounds come from outside and are checked; what follows a key
 * or a bound's value before its `end` is ignored.
 */
export interface Index {
  readonly definition: IndexDefinition;
  readonly key: KeyType;
  /** Bytes that the index takes. */
  readonly byteSize: number;

  /**
   * The row with this key, or NO_ROW. Of a unique index only.
   * @throws SatsError for bytes that are no key
   */
  findUnique(key: Uint8Array, start: number, end: number): RowPointer;

  /**
   * Appends the rows with this key to `out`.
   * @throws SatsError for bytes that are no key
   */
  seekPoint(key: Uint8Array, start: number, end: number, out: PointerList): void;

  /**
   * Appends the rows whose first `prefixColumns` key columns equal the prefix and whose next one lies
   * between the bounds, all parts being slices of `bytes`. A range that is the wrong way round is empty.
   * @throws SatsError for bytes that are no value of their column
   * @throws StoreError `STORE_NO_RANGE_SCAN` for hash indexes; `STORE_INVALID_RANGE` when no column is
   *   left for the bounds or bytes are left over after the prefix
   */
  scanRange(
    bytes: Uint8Array,
    prefixStart: number,
    prefixEnd: number,
    prefixColumns: number,
    lower: Bound,
    upper: Bound,
    out: PointerList,
  ): void;
}

/** What a table does with its indexes and with the set of all its rows. Rows are trusted. */
export interface RowLinks {
  readonly byteSize: number;
  /** Adds a row. Returns NO_ROW, or the row whose equal key forbids it; then nothing was added. */
  insert(row: RowPointer): RowPointer;
  /** Removes a row that was added. */
  remove(row: RowPointer): void;
  /** Empties it; the rows that come next will be about so many. */
  clear(expectedRows?: number): void;
}

/** An index, as its table keeps it. */
export interface TableIndex extends Index, RowLinks {
  /** Puts `row` in the place of `old`, whose key is equal. */
  replace(old: RowPointer, row: RowPointer): void;
  /** The row whose key equals that of the row at `rowStart`, or NO_ROW. Of a unique index only. */
  findRow(bytes: Uint8Array, rowStart: number): RowPointer;
}
