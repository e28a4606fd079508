export { S3BlobStore } from './s3-blob-store.ts';
export type { S3Runtime } from './s3-requests.ts';
export { readS3Settings } from './s3-settings.ts';
export type { S3Settings } from './s3-settings.ts';
