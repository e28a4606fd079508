/**
 * Named blobs: what the archive of the commit log, snapshots, backups and the sync of local-first stores are kept in.
 *
 * It is as little as a folder, a bucket or a browser's file system can all promise:
 * - A blob is there whole or not at all; readers never see a part of a put.
 * - What a put resolved with is durable, and every `get` and `list` that begins later sees it.
 * - Of several puts of one key at once, one wins whole. Of several `putIfAbsent`, exactly one resolves with true.
 *
 * Every operation takes an `AbortSignal` last: when it is aborted, the operation rejects with its reason as soon as it
 * can, and what it was about may have taken place or not.
 *
 * Keys are `checkBlobKey`'s. A key must not be the folder of another (`a` beside `a/b`): a file system cannot hold both.
 *
 * Failures reject with `BlobError`: `BLOB_INVALID_KEY` (nothing was asked of the store), `BLOB_KEY_CONFLICT`,
 * `BLOB_TOO_LARGE`, `BLOB_ACCESS_DENIED`, `BLOB_UNAVAILABLE` (not reached, or too busy; the store has tried again by
 * itself), `BLOB_FAILED`.
 */
export interface BlobStore {
  /**
   * Reads a blob, or the part of it that lies in `range`; undefined if there is none. The bytes are the caller's.
   */
  get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Puts a blob in the place of the one there, if any. `bytes` must not change before this settles. */
  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * Puts a blob if there is none, and says whether it did. After a failure it may be there nevertheless: whoever asks
   * again and gets false compares.
   */
  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /**
   * Puts a blob in the place of one that still has the etag `etag`, and says whether it did. Of several at once with one
   * etag, one puts. Whoever lists, then gets, then puts so has overwritten nothing that he has not read: a blob that
   * changed after it was listed is not replaced. After a failure as `putIfAbsent`.
   */
  putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * The blobs whose keys begin with `prefix` (of characters, not folders: `a/b` is a prefix of `a/bc/d`; '' is one of
   * all), ascending by the bytes of their keys, from behind `after` on. What is put or deleted meanwhile may be missing.
   */
  list(prefix: string, after?: string, signal?: AbortSignal): AsyncIterable<BlobInfo>;
  /** Removes a blob. No error if there is none. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
}

export interface BlobInfo {
  readonly key: string;
  /** Bytes that it has in the store: what an encrypting wrapper adds may be among them. */
  readonly size: number;
  /** When it was put, by the store's clock; milliseconds since 1970. */
  readonly modifiedAt: number;
  /** Says which of all contents that this key ever had it is; means nothing else. */
  readonly etag: string;
}

/** The bytes from `start` on up to before `end`; what lies behind the blob's end is left out. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
