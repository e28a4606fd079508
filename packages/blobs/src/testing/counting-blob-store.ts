import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import type { BlobOperation } from './faulty-blob-store.ts';

/** Counts what is asked of a store, and the bytes that go through. A list counts once, however many pages it has. */
export class CountingBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #counts = new Map<BlobOperation, number>();
  bytesPut = 0;
  bytesGot = 0;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** All operations, or those of one kind, since the last `reset`. */
  operations(kind?: BlobOperation): number {
    if (kind !== undefined) return this.#counts.get(kind) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  reset(): void {
    this.#counts.clear();
    this.bytesPut = 0;
    this.bytesGot = 0;
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    this.#count('get');
    const bytes = await this.#store.get(key, range, signal);
    this.bytesGot += bytes?.length ?? 0;
    return bytes;
  }

  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#count('put', bytes);
    return this.#store.put(key, bytes, signal);
  }

  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    this.#count('putIfAbsent', bytes);
    return this.#store.putIfAbsent(key, bytes, signal);
  }

  putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    this.#count('putIfMatch', bytes);
    return this.#store.putIfMatch(key, bytes, etag, signal);
  }

  list(prefix: string, after?: string, signal?: AbortSignal): AsyncIterable<BlobInfo> {
    this.#count('list');
    return this.#store.list(prefix, after, signal);
  }

  delete(key: string, signal?: AbortSignal): Promise<void> {
    this.#count('delete');
    return this.#store.delete(key, signal);
  }

  #count(kind: BlobOperation, put?: Uint8Array): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.bytesPut += put?.length ?? 0;
  }
}
