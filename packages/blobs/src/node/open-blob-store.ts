import type { BlobStore } from '../blob-store.ts';
import { checkBlobKey } from '../blob-key.ts';
import { BlobError } from '../errors.ts';
import { PrefixedBlobStore } from '../prefixed-blob-store.ts';
import { S3BlobStore } from '../s3/s3-blob-store.ts';
import { readS3Settings } from '../s3/s3-settings.ts';
import { FolderBlobStore } from './folder-blob-store.ts';

/**
 * The store that an operator names: `s3://bucket/prefix`, or a folder. Nothing is asked of it yet.
 *
 * @param env where `readS3Settings` finds endpoint, region and credentials
 * @throws BlobError `BLOB_INVALID_LOCATION`
 */
export function openBlobStore(location: string, env: Readonly<Record<string, string | undefined>>): BlobStore {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined && location !== '') return new FolderBlobStore(location);
  if (scheme !== 's3') throw invalid(location, 'expected s3://bucket/prefix or a folder');
  const [bucket = '', ...names] = location.slice('s3://'.length).replace(/\/$/, '').split('/');
  const store = new S3BlobStore(readS3Settings(bucket, env));
  if (names.length === 0) return store;
  const prefix = names.join('/');
  try {
    checkBlobKey(prefix);
  } catch (error) {
    throw invalid(location, error instanceof Error ? error.message : String(error));
  }
  return new PrefixedBlobStore(store, prefix);
}

function invalid(location: string, reason: string): BlobError {
  return new BlobError('BLOB_INVALID_LOCATION', `${JSON.stringify(location)}: ${reason}`);
}
