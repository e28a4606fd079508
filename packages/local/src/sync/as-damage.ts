import { BlobError } from '@lightcone/blobs';
import { SyncError } from './errors.ts';
import { MalformedError } from './wire/byte-reader.ts';

/** What was found wrong with an object, by us or by a store that decrypts, told with its name; else as it is. */
export function asDamage(key: string, error: unknown, wayOut: string): unknown {
  const isDamage = error instanceof MalformedError || (error instanceof BlobError && error.code === 'BLOB_DAMAGED');
  if (!isDamage) return error;
  return new SyncError('SYNC_DAMAGED', `${key} is damaged: ${error.message}. ${wayOut}`, { cause: error });
}
