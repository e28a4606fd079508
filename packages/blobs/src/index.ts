export { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
export type { BlobInfo, BlobStore, ByteRange } from './blob-store.ts';
export { BlobError } from './errors.ts';
export type { BlobErrorCode } from './errors.ts';
export { MemoryBlobStore } from './memory-blob-store.ts';
export { PrefixedBlobStore } from './prefixed-blob-store.ts';
export { S3_LIKE_DELAYS, ThrottledBlobStore } from './throttled-blob-store.ts';
export type { BlobDelays } from './throttled-blob-store.ts';
