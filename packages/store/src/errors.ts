/** Stable codes of this package's errors; never reused. */
export type StoreErrorCode =
  | 'STORE_TRANSACTION_OPEN'
  | 'STORE_NO_TRANSACTION'
  | 'STORE_REPLAY_RUNNING'
  | 'STORE_UNKNOWN_TABLE'
  | 'STORE_UNKNOWN_INDEX'
  | 'STORE_INVALID_DEFINITION'
  | 'STORE_INVALID_RANGE'
  | 'STORE_NO_RANGE_SCAN'
  | 'STORE_UNIQUE_VIOLATION'
  | 'STORE_TABLE_CHANGED'
  | 'STORE_TABLE_FULL'
  | 'STORE_CAPTURE_RUNNING'
  | 'STORE_INVALID_PAGE'
  | 'STORE_CORRUPT';

/** A misuse of the store, a definition or data that it refuses. The message names table, index and column. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
