import type { BlobStore } from '../blob-store.ts';
import { BlobError } from '../errors.ts';
import { ageDecrypt, ageEncrypt } from './age-keys.ts';
import type { AgeKeys } from './age-keys.ts';
import type { DataKey } from './sealed-blob.ts';

/** Where the data key is, for whoever has a passphrase or an identity. */
const KEY_FILE = 'keys/1.age';
/** Taken once for each opening, so a guess may cost more than where each blob has its own. */
const SCRYPT_LOG_N = 18;
const DATA_KEY_BYTES = 32;

/** The folder of everything else. */
export const DATA_FOLDER = 'data';

/**
 * Reads the data key of a store, or makes one if there is nothing in the store yet.
 *
 * @throws BlobError `BLOB_WRONG_KEY`, `BLOB_DAMAGED`; what the store throws
 */
export async function openDataKey(store: BlobStore, keys: AgeKeys, signal?: AbortSignal): Promise<DataKey> {
  return importKey(await readOrMake(store, keys, signal));
}

/**
 * Makes a store open for other keys, and no more for those that opened it: a new passphrase, or other recipients. The
 * data key stays the same, so nothing is written anew; who has read it once can go on to read, if he can read the store.
 *
 * @throws BlobError `BLOB_WRONG_KEY` if `from` does not open it; `BLOB_FAILED` if another one does the same meanwhile
 */
export async function changeKeys(store: BlobStore, from: AgeKeys, to: AgeKeys, signal?: AbortSignal): Promise<void> {
  let etag: string | undefined;
  for await (const blob of store.list(KEY_FILE, undefined, signal)) if (blob.key === KEY_FILE) etag = blob.etag;
  const file = await store.get(KEY_FILE, undefined, signal);
  if (file === undefined || etag === undefined) {
    throw new BlobError('BLOB_WRONG_KEY', `there is no ${KEY_FILE}: the store was never opened with any keys`);
  }
  const dataKey = await unwrap(file, from);
  const wrapped = await ageEncrypt(to, SCRYPT_LOG_N, dataKey);
  if (await store.putIfMatch(KEY_FILE, wrapped, etag, signal)) return;
  throw new BlobError('BLOB_FAILED', `${KEY_FILE} was changed by another at the same time: try again`);
}

async function readOrMake(store: BlobStore, keys: AgeKeys, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const existing = await store.get(KEY_FILE, undefined, signal);
  if (existing !== undefined) return unwrap(existing, keys);
  for await (const { key } of store.list(`${DATA_FOLDER}/`, undefined, signal)) {
    const advice = `Bring ${KEY_FILE} back from a backup: without it nothing can be read.`;
    throw new BlobError('BLOB_WRONG_KEY', `${key} is there, and the key that it is encrypted with is not. ${advice}`);
  }
  const made = crypto.getRandomValues(new Uint8Array(DATA_KEY_BYTES));
  await store.putIfAbsent(KEY_FILE, await ageEncrypt(keys, SCRYPT_LOG_N, made), signal);
  // That of another one, if he was before us.
  const file = await store.get(KEY_FILE, undefined, signal);
  if (file === undefined)
    throw new BlobError('BLOB_FAILED', `the store said that it had put ${KEY_FILE}, and does not have it`);
  return unwrap(file, keys);
}

async function unwrap(file: Uint8Array, keys: AgeKeys): Promise<Uint8Array> {
  const dataKey = await ageDecrypt(keys, file, KEY_FILE);
  if (dataKey.length === DATA_KEY_BYTES) return dataKey;
  throw new BlobError('BLOB_DAMAGED', `${KEY_FILE} has ${dataKey.length} bytes, and a data key has ${DATA_KEY_BYTES}`);
}

function importKey(bytes: Uint8Array): Promise<DataKey> {
  return crypto.subtle.importKey('raw', bytes as Uint8Array<ArrayBuffer>, 'HKDF', false, ['deriveKey']);
}
