import { BlobError } from '../errors.ts';

/**
 * A blob as `EncryptedBlobStore` keeps it:
 *
 * ```
 *  0   4  'LCE1'
 *  4  32  salt, random
 * 36      chunks of 64 KiB, each encrypted, with its tag of 16 bytes behind it; the last is shorter, or as long
 * ```
 *
 * The key of a blob is HKDF-SHA-256(data key, salt, 'lightcone blob 1'), its cipher AES-256-GCM. The nonce of a chunk is
 * its number (11 bytes) and 1 for the last chunk, else 0, so chunks cannot be exchanged, left out or cut off (the
 * construction STREAM, as in age). The key under which the blob is stored is authenticated with each chunk, so it cannot
 * be passed off as another one.
 */
export const SEALED_HEAD_BYTES = 36;
export const CHUNK_BYTES: number = 64 * 1024;
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + 16;
const MAGIC = [0x4c, 0x43, 0x45, 0x31];
const SALT_AT = MAGIC.length;
const INFO = new TextEncoder().encode('lightcone blob 1');

/** Key material that keys of blobs are derived from. (Named by what makes it, as not every platform declares the type.) */
export type DataKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

interface ChunkCipher {
  readonly name: 'AES-GCM';
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly additionalData: Uint8Array<ArrayBuffer>;
}

export async function sealBlob(dataKey: DataKey, name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const salt = crypto.getRandomValues(new Uint8Array(SEALED_HEAD_BYTES - SALT_AT));
  const key = await keyOf(dataKey, salt);
  const chunks = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES));
  const sealed = new Uint8Array(sealedSize(bytes.length));
  sealed.set(MAGIC);
  sealed.set(salt, SALT_AT);
  for (let i = 0; i < chunks; i++) {
    const chunk = bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES) as Uint8Array<ArrayBuffer>;
    const algorithm = algorithmOf(name, i, i === chunks - 1);
    const encrypted = await crypto.subtle.encrypt(algorithm, key, chunk);
    sealed.set(new Uint8Array(encrypted), SEALED_HEAD_BYTES + i * SEALED_CHUNK_BYTES);
  }
  return sealed;
}

/**
 * Decrypts chunks of a sealed blob.
 *
 * @param head the first bytes of the blob
 * @param body sealed chunks from the one with number `first` on, up to the last one or to some before it
 * @param isToEnd whether `body` goes to the end of the blob
 * @throws BlobError `BLOB_DAMAGED`
 */
export async function openChunks(
  dataKey: DataKey,
  name: string,
  head: Uint8Array,
  body: Uint8Array,
  first: number,
  isToEnd: boolean,
): Promise<Uint8Array> {
  if (head.length < SEALED_HEAD_BYTES || MAGIC.some((byte, i) => head[i] !== byte)) {
    throw new BlobError('BLOB_DAMAGED', `${name} is no blob that this store encrypted, or is cut off`);
  }
  const key = await keyOf(dataKey, head.slice(SALT_AT, SEALED_HEAD_BYTES));
  const chunks = Math.max(1, Math.ceil(body.length / SEALED_CHUNK_BYTES));
  const bytes = new Uint8Array(Math.max(0, body.length - 16 * chunks));
  for (let i = 0, at = 0; i < chunks; i++) {
    const chunk = body.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    const opened = await openChunk(key, algorithmOf(name, first + i, isToEnd && i === chunks - 1), chunk);
    bytes.set(opened, at);
    at += opened.length;
  }
  return bytes;
}

function sealedSize(size: number): number {
  return SEALED_HEAD_BYTES + size + 16 * Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** 0 for what is no sealed blob. */
export function openedSize(sealed: number): number {
  const body = sealed - SEALED_HEAD_BYTES;
  return Math.max(0, body - 16 * Math.ceil(body / SEALED_CHUNK_BYTES));
}

async function openChunk(key: DataKey, algorithm: ChunkCipher, chunk: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, chunk as Uint8Array<ArrayBuffer>));
  } catch (cause) {
    const name = new TextDecoder().decode(algorithm.additionalData);
    const message = `${name} is not what was put under this key: it is damaged, cut off, or was exchanged for another`;
    throw new BlobError('BLOB_DAMAGED', message, { cause });
  }
}

function keyOf(dataKey: DataKey, salt: Uint8Array<ArrayBuffer>): Promise<DataKey> {
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt, info: INFO };
  return crypto.subtle.deriveKey(derivation, dataKey, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function algorithmOf(name: string, chunk: number, isLast: boolean): ChunkCipher {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, chunk);
  iv[11] = isLast ? 1 : 0;
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) };
}
