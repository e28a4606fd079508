import { checkBlobKey, checkByteRange } from '../blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { BlobError } from '../errors.ts';
import { ageDecrypt, ageEncrypt } from './age-keys.ts';
import type { AgeKeys } from './age-keys.ts';

/** About a second on a phone; DimpleDb reads what is at most four above what it measured for itself. */
const SCRYPT_LOG_N = 16;
/** How many blobs of a store are tried before it is believed that the key is another one. */
const PROBES = 3;

/**
 * Blobs that are files of the format age each, as DimpleDb writes them: to share a storage with it. With a passphrase
 * each get and each put takes the time of a guess; `EncryptedBlobStore` takes it once. Keys and sizes are not hidden,
 * nor are blobs bound to their keys: whoever can write may exchange one for another.
 */
export class AgeBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #keys: AgeKeys;
  /** Something was decrypted: what cannot be from now on is damaged. */
  #isKeyProven = false;

  private constructor(store: BlobStore, keys: AgeKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /**
   * Opens a store, and tries whether the keys are those of what is in it.
   *
   * @throws BlobError `BLOB_WRONG_KEY` if they are not; what the store throws
   */
  static async open(store: BlobStore, keys: AgeKeys, signal?: AbortSignal): Promise<AgeBlobStore> {
    const opened = new AgeBlobStore(store, keys);
    let failure: unknown;
    let probes = 0;
    for await (const { key } of store.list('', undefined, signal)) {
      try {
        await opened.get(key, undefined, signal);
        return opened;
      } catch (error) {
        if (!isAbout('BLOB_WRONG_KEY', error) && !isAbout('BLOB_DAMAGED', error)) throw error;
        // One that is damaged says nothing about the key.
        if (isAbout('BLOB_WRONG_KEY', error)) failure ??= error;
      }
      if (++probes === PROBES) break;
    }
    if (failure !== undefined) throw failure;
    return opened;
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (range !== undefined) checkByteRange(range);
    const sealed = await this.#store.get(key, undefined, signal);
    if (sealed === undefined) return undefined;
    try {
      const bytes = await ageDecrypt(this.#keys, sealed, key);
      this.#isKeyProven = true;
      return range === undefined ? bytes : bytes.slice(range.start, range.end);
    } catch (error) {
      if (!this.#isKeyProven || !isAbout('BLOB_WRONG_KEY', error)) throw error;
      const message = `${key} was encrypted with another key than others in this store, or is damaged`;
      throw new BlobError('BLOB_DAMAGED', message, { cause: error });
    }
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

  /** Sizes are those of the encrypted blobs: how much age adds depends on who wrote them. */
  list(prefix: string, after?: string, signal?: AbortSignal): AsyncIterable<BlobInfo> {
    return this.#store.list(prefix, after, signal);
  }

  delete(key: string, signal?: AbortSignal): Promise<void> {
    return this.#store.delete(key, signal);
  }

  #seal(key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
    checkBlobKey(key);
    signal?.throwIfAborted();
    return ageEncrypt(this.#keys, SCRYPT_LOG_N, bytes);
  }
}

function isAbout(code: BlobError['code'], error: unknown): boolean {
  return error instanceof BlobError && error.code === code;
}
