import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore, openBlobStore } from '@lightcone/blobs/node';
import { S3BlobStore } from '@lightcone/blobs/s3';
import { PrefixedBlobStore } from '@lightcone/blobs';
import { expect, test } from 'vitest';

const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

test('a location is a bucket, a prefix in one, or a folder', async () => {
  expect(openBlobStore('s3://bucket', env)).toBeInstanceOf(S3BlobStore);
  expect(openBlobStore('s3://bucket/', env)).toBeInstanceOf(S3BlobStore);
  expect(openBlobStore('s3://bucket/some/prefix/', env)).toBeInstanceOf(PrefixedBlobStore);
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-blobs-'));
  const store = openBlobStore(folder, {});
  expect(store).toBeInstanceOf(FolderBlobStore);
  await store.put('a', Uint8Array.of(1));
  expect(await new FolderBlobStore(folder).get('a')).toEqual(Uint8Array.of(1));
  await rm(folder, { recursive: true });
});

test.each(['', 's3://', 's3:///x', 's3://bucket/../x', 's3://bucket//x', 's3://bucket/a b', 'http://host/x', 'gs://b'])(
  '%j is refused',
  (location) => {
    expect(() => openBlobStore(location, env)).toThrow(expect.objectContaining({ code: 'BLOB_INVALID_LOCATION' }));
  },
);
