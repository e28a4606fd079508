import { checkBlobKey, checkByteRange } from '../blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { PrefixedBlobStore } from '../prefixed-blob-store.ts';
import type { AgeKeys } from './age-keys.ts';
import { DATA_FOLDER, openDataKey } from './data-key.ts';
import { CHUNK_BYTES, openChunks, openedSize, SEALED_CHUNK_BYTES, SEALED_HEAD_BYTES, sealBlob } from './sealed-blob.ts';
import type { DataKey } from './sealed-blob.ts';

/**
 * Encrypted blobs. A random data key encrypts them; the data key is in `keys/1.age`, encrypted with a passphrase or for
 * some recipients, so the slow part is done once for each opening. Blobs are in `data/` under their own names.
 *
 * What somebody who has the storage sees, and what he can do: `docs/encrypted-storage.md`.
 */
export class EncryptedBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #dataKey: DataKey;

  private constructor(store: BlobStore, dataKey: DataKey) {
    this.#store = new PrefixedBlobStore(store, DATA_FOLDER);
    this.#dataKey = dataKey;
  }

  /**
   * Opens a store; the first one to do so makes its data key.
   *
   * @throws BlobError `BLOB_WRONG_KEY`: another passphrase, or none of the identities; `BLOB_DAMAGED`; what `store` throws
   */
  static async open(store: BlobStore, keys: AgeKeys, signal?: AbortSignal): Promise<EncryptedBlobStore> {
    return new EncryptedBlobStore(store, await openDataKey(store, keys, signal));
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (range !== undefined) {
      checkByteRange(range);
      return this.#getRange(key, range, signal);
    }
    const sealed = await this.#store.get(key, undefined, signal);
    if (sealed === undefined) return undefined;
    return openChunks(this.#dataKey, key, sealed, sealed.subarray(SEALED_HEAD_BYTES), 0, true);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#store.put(key, await this.#seal(key, bytes, signal), signal);
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    return this.#store.putIfAbsent(key, await this.#seal(key, bytes, signal), signal);
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#store.putIfMatch(key, await this.#seal(key, bytes, signal), etag, signal);
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    for await (const blob of this.#store.list(prefix, after, signal)) yield { ...blob, size: openedSize(blob.size) };
  }

  delete(key: string, signal?: AbortSignal): Promise<void> {
    return this.#store.delete(key, signal);
  }

  #seal(key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    return sealBlob(this.#dataKey, key, bytes);
  }

  /** Reads only the chunks that the range lies in. Whether one is the last is seen by the byte behind it. */
  async #getRange(key: string, { start, end }: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const first = Math.floor(start / CHUNK_BYTES);
    const behind = Math.max(first + 1, Math.ceil(end / CHUNK_BYTES));
    const from = SEALED_HEAD_BYTES + first * SEALED_CHUNK_BYTES;
    const to = SEALED_HEAD_BYTES + behind * SEALED_CHUNK_BYTES;
    // One read in most cases: what is asked for is mostly the beginning.
    const read = await this.#store.get(key, { start: first === 0 ? 0 : from, end: to + 1 }, signal);
    const head = first === 0 ? read : await this.#store.get(key, { start: 0, end: SEALED_HEAD_BYTES }, signal);
    if (read === undefined || head === undefined) return undefined;
    const body = first === 0 ? read.subarray(SEALED_HEAD_BYTES) : read;
    const length = (behind - first) * SEALED_CHUNK_BYTES;
    if (body.length === 0 && first > 0) return new Uint8Array(0); // behind the end
    const bytes = await openChunks(this.#dataKey, key, head, body.subarray(0, length), first, body.length <= length);
    return bytes.slice(start - first * CHUNK_BYTES, Math.max(start, end) - first * CHUNK_BYTES);
  }
}
