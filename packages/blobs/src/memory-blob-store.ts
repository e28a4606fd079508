import { checkBlobKey, checkBlobPrefix, checkByteRange } from './blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from './blob-store.ts';

/** Blobs in memory, for tests and for servers without a disk. "Durable" means as long as this object. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobsByKey = new Map<string, { readonly bytes: Uint8Array; readonly modifiedAt: number }>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkBlobKey(key);
    if (range !== undefined) checkByteRange(range);
    return this.#blobsByKey.get(key)?.bytes.slice(range?.start, range?.end);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkBlobKey(key);
    this.#blobsByKey.set(key, { bytes: bytes.slice(), modifiedAt: this.#now() });
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    checkBlobKey(key);
    if (this.#blobsByKey.has(key)) return false;
    await this.put(key, bytes);
    return true;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<BlobInfo> {
    checkBlobPrefix(prefix);
    const keys = [...this.#blobsByKey.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.sort()) {
      const blob = this.#blobsByKey.get(key);
      if (blob !== undefined) yield { key, size: blob.bytes.length, modifiedAt: blob.modifiedAt };
    }
  }

  async delete(key: string): Promise<void> {
    checkBlobKey(key);
    this.#blobsByKey.delete(key);
  }
}
