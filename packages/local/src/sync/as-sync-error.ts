import { BlobError } from '@lightcone/blobs';
import { SyncError } from './errors.ts';

/** What a sync failed with, as one of its own errors. */
export function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  if (error instanceof BlobError) {
    const code = error.code === 'BLOB_WRONG_KEY' ? 'SYNC_WRONG_KEY' : 'SYNC_STORAGE_FAILED';
    return new SyncError(code, `the storage failed: ${error.message}`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SyncError('SYNC_STORAGE_FAILED', `the sync failed: ${reason}`, { cause: error });
}
