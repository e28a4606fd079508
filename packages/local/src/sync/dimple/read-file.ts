import { BlobError } from '@lightcone/blobs';
import { SyncError } from '../errors.ts';
import type { SyncContext } from '../layout.ts';
import { MalformedError } from '../wire/byte-reader.ts';

/**
 * Reads and decodes a file.
 *
 * @returns undefined if there is none
 * @throws SyncError `SYNC_DAMAGED`; what the storage throws
 */
export async function readFile<T>(
  { store, signal }: SyncContext,
  key: string,
  decode: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  try {
    const bytes = await store.get(key, undefined, signal);
    return bytes === undefined ? undefined : decode(bytes);
  } catch (error) {
    const isDamage = error instanceof MalformedError || (error instanceof BlobError && error.code === 'BLOB_DAMAGED');
    if (!isDamage) throw error;
    const advice = 'A device that has its changes makes good for it when it verifies.';
    throw new SyncError('SYNC_DAMAGED', `${key} is damaged: ${error.message}. ${advice}`, { cause: error });
  }
}
