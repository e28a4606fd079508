import type { BlobStore } from '@lightcone/blobs';
import { hexOf } from '../hex.ts';
import { SyncError } from './errors.ts';
import type { SyncContext } from './layout.ts';

const VERSION = 1;

/**
 * Reads who a storage is, or says it first: a random id, so that one that was emptied and filled again is not taken for
 * the one that the database knows.
 *
 * @throws SyncError `SYNC_UNKNOWN_FORMAT`, `SYNC_STORAGE_LOST_DATA`
 */
export async function readRemoteId({ store, runtime, signal }: SyncContext, key: string): Promise<string> {
  const existing = await store.get(key, undefined, signal);
  if (existing !== undefined) return parse(existing, key);
  const id = hexOf(runtime.randomBytes(16));
  const text = JSON.stringify({ version: VERSION, id });
  await store.putIfAbsent(key, new TextEncoder().encode(text), signal);
  return parse(await mustGet(store, key, signal), key);
}

async function mustGet(store: BlobStore, key: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = await store.get(key, undefined, signal);
  if (bytes !== undefined) return bytes;
  const message = `the storage said that it had put ${key}, and does not have it: nothing is synced to such a storage`;
  throw new SyncError('SYNC_STORAGE_LOST_DATA', message);
}

function parse(bytes: Uint8Array, key: string): string {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const advice = 'Something else is kept under this prefix, or it is damaged. Delete it to begin anew.';
    throw new SyncError('SYNC_DAMAGED', `${key} does not say who the storage is. ${advice}`, { cause });
  }
  if (typeof content === 'object' && content !== null && 'version' in content && 'id' in content) {
    if (content.version === VERSION && typeof content.id === 'string' && content.id !== '') return content.id;
  }
  const advice = 'A newer version of this package wrote it: update.';
  throw new SyncError('SYNC_UNKNOWN_FORMAT', `${key} is of a version that is not known here. ${advice}`);
}
