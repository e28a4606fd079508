import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { BlobError } from '../errors.ts';

export type BlobOperation = 'get' | 'put' | 'putIfAbsent' | 'list' | 'delete';

/**
 * What goes wrong with one operation:
 * - `before`, `after`: it fails with `BLOB_UNAVAILABLE`, without or with its effect. The caller cannot tell which.
 * - `wait`: it goes on when the promise resolves.
 * - `damage`: a `get` answers with the lowest bit of the byte at `at` flipped.
 */
export type BlobFault =
  | { readonly kind: 'before' | 'after' }
  | { readonly kind: 'wait'; readonly until: Promise<void> }
  | { readonly kind: 'damage'; readonly at: number };

/** A store that fails when `faultOf` says so, which is asked once for each operation. A list fails at its first blob. */
export class FaultyBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #faultOf: (operation: BlobOperation, key: string) => BlobFault | undefined;

  constructor(store: BlobStore, faultOf: (operation: BlobOperation, key: string) => BlobFault | undefined) {
    this.#store = store;
    this.#faultOf = faultOf;
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const fault = this.#faultOf('get', key);
    const bytes = await suffer(fault, `get ${key}`, () => this.#store.get(key, range));
    if (fault?.kind === 'damage' && bytes !== undefined) bytes[fault.at]! ^= 1; // past the end: no effect
    return bytes;
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return suffer(this.#faultOf('put', key), `put ${key}`, () => this.#store.put(key, bytes));
  }

  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const deed = (): Promise<boolean> => this.#store.putIfAbsent(key, bytes);
    return suffer(this.#faultOf('putIfAbsent', key), `put ${key} if absent`, deed);
  }

  async *list(prefix: string, after?: string): AsyncGenerator<BlobInfo> {
    await suffer(this.#faultOf('list', prefix), `list ${prefix}`, () => Promise.resolve());
    yield* this.#store.list(prefix, after);
  }

  delete(key: string): Promise<void> {
    return suffer(this.#faultOf('delete', key), `delete ${key}`, () => this.#store.delete(key));
  }
}

async function suffer<T>(fault: BlobFault | undefined, what: string, deed: () => Promise<T>): Promise<T> {
  if (fault?.kind === 'before') throw unavailable(what);
  if (fault?.kind === 'wait') await fault.until;
  const result = await deed();
  if (fault?.kind === 'after') throw unavailable(what);
  return result;
}

function unavailable(what: string): BlobError {
  return new BlobError('BLOB_UNAVAILABLE', `${what}: failed on purpose`);
}
