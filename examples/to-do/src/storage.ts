import type { BlobStore } from '@lightcone/blobs';
import { EncryptedBlobStore } from '@lightcone/blobs/encrypted';
import { S3BlobStore } from '@lightcone/blobs/s3';

/** A bucket of any S3-compatible service, which lets pages of this origin in (CORS). */
export interface StorageSettings {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What is stored is encrypted with it; empty for no encryption. */
  readonly passphrase: string;
}

const key = 'storage settings';

export function readSettings(): StorageSettings | undefined {
  const text = localStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as StorageSettings);
}

export function keepSettings(settings: StorageSettings | undefined): void {
  if (settings === undefined) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(settings));
}

/** @throws BlobError `BLOB_WRONG_KEY` for another passphrase than the one that the bucket was begun with, and others */
export async function openStorage(settings: StorageSettings): Promise<BlobStore> {
  const { endpoint, bucket, accessKeyId, secretAccessKey, passphrase } = settings;
  const credentials = { accessKeyId, secretAccessKey, sessionToken: undefined };
  const store = new S3BlobStore({ endpoint, bucket, region: 'us-east-1', isVirtualHosted: false, credentials });
  return passphrase === '' ? store : EncryptedBlobStore.open(store, { passphrase });
}
