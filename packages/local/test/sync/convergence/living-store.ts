import type { BlobInfo, BlobStore, ByteRange } from '@lightcone/blobs';

/** What happens around one operation of a process. */
export interface Moment {
  /** Before it, others may do something. */
  readonly before: () => Promise<void>;
  /** The process dies before the operation takes effect, or after, and hears nothing of it. */
  readonly death: 'before' | 'after' | undefined;
}

/**
 * A store as one process sees it: one operation at a time, so that all follows from the seed, and none after its death,
 * which is then never answered.
 */
export class LivingStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #momentOf: () => Moment;
  readonly #died: () => void;
  #isAlive = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: BlobStore, momentOf: () => Moment, died: () => void) {
    this.#store = store;
    this.#momentOf = momentOf;
    this.#died = died;
  }

  kill(): void {
    this.#isAlive = false;
  }

  get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#live(() => this.#store.get(key, range, signal));
  }

  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#live(() => this.#store.put(key, bytes, signal));
  }

  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    return this.#live(() => this.#store.putIfAbsent(key, bytes, signal));
  }

  putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#live(() => this.#store.putIfMatch(key, bytes, etag, signal));
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    yield* await this.#live(async () => {
      const blobs: BlobInfo[] = [];
      for await (const blob of this.#store.list(prefix, after, signal)) blobs.push(blob);
      return blobs;
    });
  }

  delete(key: string, signal?: AbortSignal): Promise<void> {
    return this.#live(() => this.#store.delete(key, signal));
  }

  #live<T>(deed: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const moment = this.#momentOf();
      await moment.before();
      if (moment.death === 'before') this.#die();
      await this.#survive();
      try {
        return await deed();
      } finally {
        if (moment.death === 'after') this.#die();
        await this.#survive();
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  #die(): void {
    this.#isAlive = false;
    this.#died();
  }

  /** For the dead it never ends. */
  async #survive(): Promise<void> {
    if (!this.#isAlive) await new Promise<never>(() => {});
  }
}
