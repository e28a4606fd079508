import { checkBlobKey, checkBlobPrefix, checkByteRange } from './blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from './blob-store.ts';

interface Blob {
  readonly bytes: Uint8Array;
  readonly modifiedAt: number;
  readonly etag: string;
}

/** Blobs in memory, for tests and for servers without a disk. "Durable" means as long as this object. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobsByKey = new Map<string, Blob>();
  readonly #now: () => number;
  #puts = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    checkBlobKey(key);
    if (range !== undefined) checkByteRange(range);
    signal?.throwIfAborted();
    return this.#blobsByKey.get(key)?.bytes.slice(range?.start, range?.end);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    this.#put(key, bytes);
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    if (this.#blobsByKey.has(key)) return false;
    this.#put(key, bytes);
    return true;
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    if (this.#blobsByKey.get(key)?.etag !== etag) return false;
    this.#put(key, bytes);
    return true;
  }

  async *list(prefix: string, after = '', signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    checkBlobPrefix(prefix);
    signal?.throwIfAborted();
    const keys = [...this.#blobsByKey.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.sort()) {
      const blob = this.#blobsByKey.get(key);
      if (blob !== undefined) yield { key, size: blob.bytes.length, modifiedAt: blob.modifiedAt, etag: blob.etag };
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    this.#blobsByKey.delete(key);
  }

  #put(key: string, bytes: Uint8Array): void {
    this.#blobsByKey.set(key, { bytes: bytes.slice(), modifiedAt: this.#now(), etag: String(++this.#puts) });
  }
}
