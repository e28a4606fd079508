import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { BlobError } from '../errors.ts';

export type BlobOperation = 'get' | 'put' | 'putIfAbsent' | 'putIfMatch' | 'list' | 'delete';

/**
 * What goes wrong with one operation:
 * - `before`, `after`: it fails with `BLOB_UNAVAILABLE`, without or with its effect. The caller cannot tell which.
 * - `torn`: a put fails like that, and leaves only its first `bytes` bytes: what no store here does, but others do.
 * - `drop`: it says that it was done, and was not; a `get` finds nothing.
 * - `repeat`: it is done twice, and the second answer is given.
 * - `wait`: it goes on when the promise resolves.
 * - `damage`: a `get` answers with the lowest bit of the byte at `at` flipped.
 * - `stale`: a list leaves out the keys that `hides`.
 *
 * An operation that a fault does not speak of is done as usual.
 */
export type BlobFault =
  | { readonly kind: 'before' | 'after' | 'drop' | 'repeat' }
  | { readonly kind: 'torn'; readonly bytes: number }
  | { readonly kind: 'wait'; readonly until: Promise<void> }
  | { readonly kind: 'damage'; readonly at: number }
  | { readonly kind: 'stale'; readonly hides: (key: string) => boolean };

/** A store that fails when `faultOf` says so, which is asked once for each operation. A list fails at its first blob. */
export class FaultyBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #faultOf: (operation: BlobOperation, key: string) => BlobFault | undefined;

  constructor(store: BlobStore, faultOf: (operation: BlobOperation, key: string) => BlobFault | undefined) {
    this.#store = store;
    this.#faultOf = faultOf;
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const fault = this.#faultOf('get', key);
    if (fault?.kind === 'drop') return undefined;
    const bytes = await suffer(fault, `get ${key}`, () => this.#store.get(key, range, signal));
    if (fault?.kind === 'damage' && bytes !== undefined) bytes[fault.at]! ^= 1; // past the end: no effect
    return bytes;
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const fault = this.#faultOf('put', key);
    await this.#put(fault, key, bytes, async (written) => {
      await this.#store.put(key, written, signal);
      return true;
    });
  }

  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const fault = this.#faultOf('putIfAbsent', key);
    return this.#put(fault, key, bytes, (written) => this.#store.putIfAbsent(key, written, signal));
  }

  putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    const fault = this.#faultOf('putIfMatch', key);
    return this.#put(fault, key, bytes, (written) => this.#store.putIfMatch(key, written, etag, signal));
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    const fault = this.#faultOf('list', prefix);
    await suffer(fault, `list ${prefix}`, () => Promise.resolve());
    for await (const blob of this.#store.list(prefix, after, signal)) {
      if (fault?.kind !== 'stale' || !fault.hides(blob.key)) yield blob;
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const fault = this.#faultOf('delete', key);
    if (fault?.kind === 'drop') return;
    await suffer(fault, `delete ${key}`, () => this.#store.delete(key, signal));
  }

  async #put(
    fault: BlobFault | undefined,
    key: string,
    bytes: Uint8Array,
    deed: (bytes: Uint8Array) => Promise<boolean>,
  ): Promise<boolean> {
    if (fault?.kind === 'drop') return true;
    if (fault?.kind === 'torn') {
      await deed(bytes.subarray(0, fault.bytes));
      throw unavailable(`put ${key}`);
    }
    return suffer(fault, `put ${key}`, () => deed(bytes));
  }
}

async function suffer<T>(fault: BlobFault | undefined, what: string, deed: () => Promise<T>): Promise<T> {
  if (fault?.kind === 'before') throw unavailable(what);
  if (fault?.kind === 'wait') await fault.until;
  if (fault?.kind === 'repeat') await deed();
  const result = await deed();
  if (fault?.kind === 'after') throw unavailable(what);
  return result;
}

function unavailable(what: string): BlobError {
  return new BlobError('BLOB_UNAVAILABLE', `${what}: failed on purpose`);
}
