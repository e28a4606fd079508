import { StoreError, type StoreErrorCode } from '@lightcone/store';

const REFUSALS: ReadonlySet<StoreErrorCode> = new Set([
  'STORE_INVALID_DEFINITION',
  'STORE_UNIQUE_VIOLATION',
  'STORE_TABLE_FULL',
]);

/** Whether the store refuses a module's definitions, or the rows that they do not fit. Its other errors are mistakes of ours. */
export function isStoreRefusal(error: unknown): error is StoreError {
  return error instanceof StoreError && REFUSALS.has(error.code);
}
