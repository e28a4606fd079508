/**
 * Where a row lies in its table: a small integer, valid until the row is deleted and that deletion
 * is committed and released. A pointer of a freed row is given to another row later.
 */
export type RowPointer = number;

/** No row: the end of a scan, a look-up that found nothing. */
export const NO_ROW = -1;

/** What `Transaction.insert` and `update` return instead of a pointer when nothing was changed. */
export const UNIQUE_VIOLATION = -2;
export const SEQUENCE_EXHAUSTED = -3;
export const NO_SUCH_ROW = -4;
export const INDEX_NOT_UNIQUE = -5;

/** Several rows are meant. */
export const MANY_ROWS = -6;
