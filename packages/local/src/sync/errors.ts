/** Stable codes of the sync's errors; never reused. */
export type SyncErrorCode =
  | 'SYNC_STORAGE_FAILED'
  | 'SYNC_STORAGE_LOST_DATA'
  | 'SYNC_WRONG_KEY'
  | 'SYNC_DAMAGED'
  | 'SYNC_MISSING'
  | 'SYNC_UNKNOWN_FORMAT'
  | 'SYNC_CONTENDED'
  | 'SYNC_DATABASE_FAILED';

/**
 * Why a sync did not do all it should. What it did before stays done; the next one goes on from there.
 *
 * - `SYNC_STORAGE_FAILED`: the storage did not answer, refused, or is full; `cause` is its error.
 * - `SYNC_STORAGE_LOST_DATA`: the storage said that it had put something, and does not have it. It is put again.
 * - `SYNC_WRONG_KEY`: nothing was read or written, as the passphrase or the identity is not that of this storage.
 * - `SYNC_DAMAGED`: objects are damaged, cut off or not what their names say; all others were synced.
 * - `SYNC_MISSING`: objects are gone that others refer to; all others were synced.
 * - `SYNC_UNKNOWN_FORMAT`: the storage was written by a newer version of this package, or by something else.
 * - `SYNC_CONTENDED`: so many others wrote at the same time that this one never got through.
 * - `SYNC_DATABASE_FAILED`: the local database did not take the changes; `cause` is its error.
 */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;
  constructor(code: SyncErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
