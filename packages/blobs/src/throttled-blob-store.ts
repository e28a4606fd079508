import type { BlobInfo, BlobStore, ByteRange } from './blob-store.ts';

/** How long each operation takes at least, in milliseconds. */
export interface BlobDelays {
  readonly getMs: number;
  readonly putMs: number;
  readonly listMs: number;
  readonly deleteMs: number;
}

/** About what a bucket of S3 takes for small blobs, from afar. */
export const S3_LIKE_DELAYS: BlobDelays = { getMs: 25, putMs: 250, listMs: 50, deleteMs: 50 };

/** A store that takes its time: what sync feels like over a network, without one. */
export class ThrottledBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #delays: BlobDelays;
  readonly #delay: (ms: number) => Promise<void>;

  /** @param delay resolves after so many milliseconds; for tests with a clock of their own */
  constructor(store: BlobStore, delays: BlobDelays, delay: (ms: number) => Promise<void> = platformDelay) {
    this.#store = store;
    this.#delays = delays;
    this.#delay = delay;
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    await this.#delay(this.#delays.getMs);
    return this.#store.get(key, range, signal);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#delay(this.#delays.putMs);
    await this.#store.put(key, bytes, signal);
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    await this.#delay(this.#delays.putMs);
    return this.#store.putIfAbsent(key, bytes, signal);
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    await this.#delay(this.#delays.putMs);
    return this.#store.putIfMatch(key, bytes, etag, signal);
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    await this.#delay(this.#delays.listMs);
    yield* this.#store.list(prefix, after, signal);
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    await this.#delay(this.#delays.deleteMs);
    await this.#store.delete(key, signal);
  }
}

function platformDelay(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
