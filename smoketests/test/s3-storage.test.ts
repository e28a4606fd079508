// The blob store over a real server that speaks the protocol of S3.
import { PrefixedBlobStore } from '@lightcone/blobs';
import { openBlobStore } from '@lightcone/blobs/node';
import { readS3Settings, S3BlobStore } from '@lightcone/blobs/s3';
import { blobStoreContract } from '@lightcone/blobs/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing } from '../src/needs.ts';
import { S3Server, VERSITYGW } from '../src/s3-server.ts';

describe.skipIf(isMissing(VERSITYGW))('versitygw', () => {
  let server: S3Server; // from `beforeAll` on
  let count = 0;
  beforeAll(async () => {
    server = await S3Server.start();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const open = (env: Record<string, string> = {}, bucket = server.bucket): S3BlobStore =>
    new S3BlobStore(readS3Settings(bucket, { ...server.env, ...env }));

  blobStoreContract(async () => openBlobStore(`s3://${server.bucket}/contract/${count++}`, server.env));

  test.each<{ env: Record<string, string>; code: string }>([
    { env: { AWS_SECRET_ACCESS_KEY: 'wrong' }, code: 'BLOB_ACCESS_DENIED' },
    // This server says 404 of its own to a user that it does not know, where Amazon says 403.
    { env: { AWS_ACCESS_KEY_ID: 'nobody' }, code: 'BLOB_FAILED' },
  ])('with $env everything is $code', async ({ env, code }) => {
    const store = open(env);
    await expect(store.get('a')).rejects.toMatchObject({ code });
    await expect(store.put('a', Uint8Array.of(1))).rejects.toMatchObject({ code });
    await expect(store.list('').next()).rejects.toMatchObject({ code });
  });

  test('a bucket that is missing is said to be, and not taken for an empty one', async () => {
    const store = open({}, 'no-such-bucket');
    const refusal = { code: 'BLOB_INVALID_LOCATION' };
    await expect(store.get('a')).rejects.toMatchObject(refusal);
    await expect(store.put('a', Uint8Array.of(1))).rejects.toMatchObject(refusal);
    await expect(store.delete('a')).rejects.toMatchObject(refusal);
    await expect(store.list('').next()).rejects.toMatchObject(refusal);
  });

  test('a key that is the folder of another is said to be', async () => {
    const store = new PrefixedBlobStore(open(), 'conflict');
    await store.put('a/b', Uint8Array.of(1));
    await expect(store.put('a/b/c', Uint8Array.of(1))).rejects.toMatchObject({ code: 'BLOB_KEY_CONFLICT' });
  });

  test('a server that is gone is unavailable, and one that comes back meanwhile is found again', async () => {
    let failures = 0;
    const delays: PromiseWithResolvers<void>[] = [];
    const store = new S3BlobStore(readS3Settings(server.bucket, server.env), {
      delay: async () => {
        failures++;
        await delays.shift()?.promise;
      },
    });
    await server.kill();
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'BLOB_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(failures).toBe(5);

    const isBack = Promise.withResolvers<void>();
    delays.push(isBack);
    const putting = store.put('a', Uint8Array.of(7));
    await server.restart();
    isBack.resolve();
    await putting;
    expect(await store.get('a')).toEqual(Uint8Array.of(7));
  });
});
