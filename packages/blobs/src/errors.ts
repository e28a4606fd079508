/** Stable codes of this package's errors; never reused. */
export type BlobErrorCode =
  | 'BLOB_INVALID_KEY'
  | 'BLOB_INVALID_LOCATION'
  | 'BLOB_KEY_CONFLICT'
  | 'BLOB_TOO_LARGE'
  | 'BLOB_ACCESS_DENIED'
  | 'BLOB_WRONG_KEY'
  | 'BLOB_DAMAGED'
  | 'BLOB_UNAVAILABLE'
  | 'BLOB_FAILED';

/**
 * What a store of blobs refuses or cannot do. A blob that is not there is no error but `undefined`.
 *
 * After `BLOB_UNAVAILABLE` and `BLOB_FAILED` of a put or a delete it is unknown whether it took place; both may be
 * asked for again.
 */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly code: BlobErrorCode;
  constructor(code: BlobErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
