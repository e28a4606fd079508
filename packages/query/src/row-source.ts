/** Where rows are read from: one state of all tables. Rows come in no promised order, each once. */
export interface RowSource {
  rowCount(tableId: number): number;
  /** Visits every row of a table until the visitor has enough. Visits may be nested. */
  scan(tableId: number, visitor: RowVisitor): void;
  /**
   * Visits the rows whose index columns equal the key `bytes[start..end]` (their BSATN, in index order) until the
   * visitor has enough. Visits may be nested, also with the same bytes.
   */
  seek(indexId: number, bytes: Uint8Array, start: number, end: number, visitor: RowVisitor): void;
  /** Whether a table has the row `bytes[start..end]`. */
  contains(tableId: number, bytes: Uint8Array, start: number, end: number): boolean;
}

/** What a transaction changed, as its net effect: no row is both added and removed. */
export interface RowChanges {
  /** How many rows of a table were added or removed. */
  count(tableId: number): number;
  /** Visits the added rows of a table until the visitor has enough. Visits may be nested. */
  visitInserts(tableId: number, visitor: RowVisitor): void;
  /** Visits the removed rows of a table until the visitor has enough. Visits may be nested. */
  visitDeletes(tableId: number, visitor: RowVisitor): void;
}

export interface RowVisitor {
  /**
   * Takes one row, the BSATN at `bytes[start..end]`, which is valid only during the call.
   * @returns whether more rows are wanted
   */
  row(bytes: Uint8Array, start: number, end: number): boolean;
}
