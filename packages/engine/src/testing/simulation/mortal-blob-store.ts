import type { BlobInfo, BlobStore, ByteRange } from '@lightcone/blobs';

/** Blobs as one process sees them: everything takes a while, and once the process is dead nothing more is done. */
export class MortalBlobStore implements BlobStore {
  readonly #blobs: BlobStore;
  readonly #takesTime: () => Promise<void>;
  readonly #isAlive: () => boolean;

  constructor(blobs: BlobStore, takesTime: () => Promise<void>, isAlive: () => boolean) {
    this.#blobs = blobs;
    this.#takesTime = takesTime;
    this.#isAlive = isAlive;
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    await this.#live();
    return this.#blobs.get(key, range);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#live();
    await this.#blobs.put(key, bytes);
    await this.#live();
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    await this.#live();
    const wasPut = await this.#blobs.putIfAbsent(key, bytes);
    await this.#live();
    return wasPut;
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string): Promise<boolean> {
    await this.#live();
    const wasPut = await this.#blobs.putIfMatch(key, bytes, etag);
    await this.#live();
    return wasPut;
  }

  async *list(prefix: string, after?: string): AsyncGenerator<BlobInfo> {
    await this.#live();
    yield* this.#blobs.list(prefix, after);
  }

  async delete(key: string): Promise<void> {
    await this.#live();
    await this.#blobs.delete(key);
  }

  /** Takes a while; for the dead it never ends. */
  async #live(): Promise<void> {
    await this.#takesTime();
    if (!this.#isAlive()) await new Promise<never>(() => {});
  }
}
