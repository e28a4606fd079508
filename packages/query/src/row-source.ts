/** Where rows are read from. Rows come in no promised order, each once. */
export interface RowSource {
  rowCount(tableId: number): number;
  /** Visits every row of a table until the visitor has enough. */
  scan(tableId: number, visitor: RowVisitor): void;
  /** Visits the rows whose index columns equal `key` (their BSATN, in index order) until the visitor has enough. */
  seek(indexId: number, key: Uint8Array, visitor: RowVisitor): void;
}

export interface RowVisitor {
  /**
   * Takes one row, the BSATN at `bytes[start..end]`, which is valid only during the call.
   * @returns whether more rows are wanted
   */
  row(bytes: Uint8Array, start: number, end: number): boolean;
}
