import { BlobError } from './errors.ts';

/** What a blob has at most: Node reads no more from a file at once, and Web Crypto hashes no more. */
export const MAX_BLOB_BYTES: number = 2 ** 31 - 1;

/** @param deed `reading s3://bucket/key` */
export function blobTooLarge(deed: string, length: number): BlobError {
  const advice = `a blob has ${MAX_BLOB_BYTES} bytes at most (2 GiB less one). Keep it in several blobs.`;
  return new BlobError('BLOB_TOO_LARGE', `${deed}: ${length} bytes are over the limit: ${advice}`);
}
