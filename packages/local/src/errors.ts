/** Stable codes of this package's errors; never reused. */
export type LocalErrorCode =
  | 'LOCAL_INVALID_SCHEMA'
  | 'LOCAL_INVALID_VALUE'
  | 'LOCAL_INVALID_SQL'
  | 'LOCAL_NOT_FOUND'
  | 'LOCAL_CONSTRAINT'
  | 'LOCAL_NESTED_USE'
  | 'LOCAL_ASYNC_TRANSACTION'
  | 'LOCAL_TRANSACTION_TIMEOUT'
  | 'LOCAL_LEADER_CHANGED'
  | 'LOCAL_MIGRATION_FAILED'
  | 'LOCAL_NEWER_FILE'
  | 'LOCAL_CLOCK_EXHAUSTED'
  | 'LOCAL_CLOSED'
  | 'LOCAL_BUSY'
  | 'LOCAL_DISK_FULL'
  | 'LOCAL_READ_ONLY'
  | 'LOCAL_CORRUPT'
  | 'LOCAL_IO'
  | 'LOCAL_SQL_FAILED';

/**
 * What a database refuses or cannot do. Whatever the code, nothing of the failed call was kept: a statement that fails
 * undoes itself, and a transaction whose error is not caught inside it is rolled back whole.
 */
export class LocalError extends Error {
  override readonly name = 'LocalError';
  readonly code: LocalErrorCode;
  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
