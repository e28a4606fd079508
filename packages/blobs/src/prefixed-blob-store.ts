import { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from './blob-store.ts';

/** The blobs under one folder of another store, as a store of their own. */
export class PrefixedBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #folder: string;

  /**
   * @param folder names with `/` between them, without one at the end
   * @throws BlobError `BLOB_INVALID_KEY` if `folder` is none
   */
  constructor(store: BlobStore, folder: string) {
    checkBlobKey(folder);
    this.#store = store;
    this.#folder = `${folder}/`;
  }

  // A key is checked before it gets its folder: `..` of the inner key must not be a `..` of the whole, nor '' a folder.
  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    checkBlobKey(key);
    return this.#store.get(this.#folder + key, range, signal);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    checkBlobKey(key);
    await this.#store.put(this.#folder + key, bytes, signal);
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    checkBlobKey(key);
    return this.#store.putIfAbsent(this.#folder + key, bytes, signal);
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    checkBlobKey(key);
    return this.#store.putIfMatch(this.#folder + key, bytes, etag, signal);
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    checkBlobPrefix(prefix);
    const from = after === undefined ? undefined : this.#folder + after;
    for await (const blob of this.#store.list(this.#folder + prefix, from, signal)) {
      yield { ...blob, key: blob.key.slice(this.#folder.length) };
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    checkBlobKey(key);
    await this.#store.delete(this.#folder + key, signal);
  }
}
