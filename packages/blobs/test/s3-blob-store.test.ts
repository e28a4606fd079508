import { createHash } from 'node:crypto';
import { readS3Settings, S3BlobStore } from '@lightcone/blobs/s3';
import { blobStoreContract } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { FakeS3 } from './fake-s3.ts';
import type { FakeFault } from './fake-s3.ts';

const ENDPOINT = 'http://127.0.0.1:7070';
const credentials = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const bytes = Uint8Array.of(1, 2, 3);

function setUp(env: Record<string, string> = { AWS_ENDPOINT_URL: ENDPOINT }): { store: S3BlobStore; fake: FakeS3 } {
  const fake = new FakeS3(`${ENDPOINT}/bucket`);
  return { fake, store: new S3BlobStore(readS3Settings('bucket', { ...credentials, ...env }), fake) };
}

describe('S3BlobStore', () => {
  blobStoreContract(async () => setUp().store);
});

describe('S3BlobStore over a service that ignores ranges', () => {
  test('gives the part that was asked for', async () => {
    const { store, fake } = setUp();
    fake.heedsRanges = false;
    await store.put('a', bytes);
    expect(await store.get('a', { start: 1, end: 2 })).toEqual(Uint8Array.of(2));
    expect(await store.get('a', { start: 3, end: 9 })).toEqual(new Uint8Array(0));
  });
});

describe('what passes', () => {
  const passing: FakeFault[] = [
    { status: 500, code: 'InternalError' },
    { status: 503, code: 'SlowDown' },
    { status: 503 },
    { status: 502 },
    { status: 429 },
    { status: 400, code: 'RequestTimeout' },
    { status: 409, code: 'ConditionalRequestConflict' },
    'refused',
    'lost',
  ];

  test.each(passing)('%j is tried again', async (fault) => {
    const { store, fake } = setUp();
    fake.faultOf = (request) => (request % 2 === 0 ? fault : undefined);
    await store.put('a', bytes);
    expect(await store.get('a')).toEqual(bytes);
    expect(await store.putIfAbsent('b', bytes)).toBe(true);
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a', 'b']);
    await store.delete('a');
    expect(await store.get('a')).toBeUndefined();
  });

  test.each(passing)('%j is tried six times, ever later, and no more', async (fault) => {
    const { store, fake } = setUp();
    fake.faultOf = () => fault;
    await expect(store.put('a', bytes)).rejects.toMatchObject({
      code: 'BLOB_UNAVAILABLE',
      message: expect.stringMatching(/^writing s3:\/\/bucket\/a: tried 6 times, at last /) as string,
    });
    expect(fake.requests).toHaveLength(6);
    expect(fake.delaysMs).toEqual([75, 150, 300, 600, 1200]);
  });

  test('a put if absent whose answer was lost has put, unless another was before it', async () => {
    const { store, fake } = setUp();
    fake.faultOf = (request) => (request === 0 ? 'lost' : undefined);
    expect(await store.putIfAbsent('a', bytes)).toBe(true);
    fake.faultOf = (request) => (request === 3 ? 'refused' : undefined);
    expect(await store.putIfAbsent('a', Uint8Array.of(9))).toBe(false);
    expect(await store.get('a')).toEqual(bytes);
  });
});

test.each<{ fault: FakeFault; code: string }>([
  { fault: { status: 403, code: 'SignatureDoesNotMatch' }, code: 'BLOB_ACCESS_DENIED' },
  { fault: { status: 401 }, code: 'BLOB_ACCESS_DENIED' },
  { fault: { status: 404, code: 'NoSuchBucket' }, code: 'BLOB_INVALID_LOCATION' },
  { fault: { status: 301, code: 'PermanentRedirect' }, code: 'BLOB_INVALID_LOCATION' },
  { fault: { status: 400, code: 'InvalidArgument' }, code: 'BLOB_FAILED' },
  { fault: { status: 501, code: 'NotImplemented' }, code: 'BLOB_FAILED' },
])('$fault is $code at once, for every operation', async ({ fault, code }) => {
  const { store, fake } = setUp();
  fake.faultOf = () => fault;
  const refusal = { code, message: expect.stringContaining('s3://bucket/a: HTTP ') as string };
  await expect(store.get('a')).rejects.toMatchObject(refusal);
  await expect(store.put('a', bytes)).rejects.toMatchObject(refusal);
  await expect(store.putIfAbsent('a', bytes)).rejects.toMatchObject(refusal);
  await expect(store.delete('a')).rejects.toMatchObject(refusal);
  await expect(store.list('a')[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal);
  expect(fake.requests).toHaveLength(5);
});

test('an answer that is no list is no empty list', async () => {
  const { store, fake } = setUp();
  fake.fetch = () => Promise.resolve(new Response('<html>log in here</html>'));
  const listing = new S3BlobStore(readS3Settings('bucket', { ...credentials, AWS_ENDPOINT_URL: ENDPOINT }), fake);
  await expect(listing.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'BLOB_FAILED' });
  expect(store).toBeDefined();
});

test('more than a put takes is refused before it is sent', async () => {
  const { store, fake } = setUp();
  // Not touched, so it costs no memory.
  const tooLarge = new Uint8Array(2 ** 31);
  await expect(store.put('a', tooLarge)).rejects.toMatchObject({
    code: 'BLOB_TOO_LARGE',
    message: expect.stringMatching(/^writing s3:\/\/bucket\/a: 2147483648 bytes .* 2147483647 bytes at most/) as string,
  });
  expect(fake.requests).toEqual([]);
});

test('more than 256 MiB, as one huge commit has, can be put', async () => {
  const digests: (string | null)[] = [];
  const store = new S3BlobStore(readS3Settings('bucket', { ...credentials, AWS_ENDPOINT_URL: ENDPOINT }), {
    fetch: (request) => {
      digests.push(request.headers.get('x-amz-content-sha256'));
      return Promise.resolve(new Response(null));
    },
  });
  const large = new Uint8Array(256 * 1024 * 1024 + 1);
  await store.put('a', large);
  expect(digests).toEqual([createHash('sha256').update(large).digest('hex')]);
});

describe('a service that falls silent', () => {
  /** Timers that expire when they are told to. */
  class Timers {
    readonly started: number[] = [];
    expire: (() => void) | undefined;

    startTimer = (ms: number, expired: () => void): (() => void) => {
      this.started.push(ms);
      this.expire = expired;
      return () => {
        if (this.expire === expired) this.expire = undefined;
      };
    };
  }

  function setUpSlow(respond: (request: Request) => Promise<Response>): { store: S3BlobStore; timers: Timers } {
    const timers = new Timers();
    const settings = readS3Settings('bucket', { ...credentials, AWS_ENDPOINT_URL: ENDPOINT });
    const runtime = { fetch: respond, delay: () => Promise.resolve(), random: () => 0, startTimer: timers.startTimer };
    return { timers, store: new S3BlobStore(settings, runtime) };
  }

  test('while parts of a blob come, it may take any time', async () => {
    const { store, timers } = setUpSlow(() => {
      const parts = [1, 2, 3, 4];
      const body = new ReadableStream<Uint8Array>({
        pull: (stream) => {
          const part = parts.shift();
          if (part === undefined) stream.close();
          else stream.enqueue(Uint8Array.of(part));
        },
      });
      return Promise.resolve(new Response(body));
    });
    expect(await store.get('a')).toEqual(Uint8Array.of(1, 2, 3, 4));
    // Of the request, of its head, and of each part.
    expect(timers.started).toEqual(Array.from({ length: 6 }, () => 30_000));
    expect(timers.expire).toBeUndefined();
  });

  test('in the middle of a blob is asked again', async () => {
    let requests = 0;
    const { store, timers } = setUpSlow((request) => {
      if (++requests > 1) return Promise.resolve(new Response(bytes));
      const body = new ReadableStream<Uint8Array>(
        {
          start: (stream) => {
            stream.enqueue(Uint8Array.of(1));
            request.signal.addEventListener('abort', () => stream.error(request.signal.reason));
          },
          // Somebody waits for more.
          pull: () => timers.expire?.(),
        },
        { highWaterMark: 0 },
      );
      return Promise.resolve(new Response(body));
    });
    expect(await store.get('a')).toEqual(bytes);
    expect(requests).toBe(2);
  });

  test('before it answers is asked again, and has as much longer as the body needs', async () => {
    const { store, timers } = setUpSlow(
      (request) =>
        new Promise((_answer, fail) => {
          request.signal.addEventListener('abort', () => fail(request.signal.reason as Error));
          timers.expire!();
        }),
    );
    const refusal = {
      code: 'BLOB_UNAVAILABLE',
      message: expect.stringContaining('nothing was heard for 34096 ms') as string,
    };
    await expect(store.put('a', new Uint8Array(1024 * 1024))).rejects.toMatchObject(refusal);
    expect(timers.started).toEqual(Array.from({ length: 6 }, () => 34_096));
  });
});

describe('where the bucket is', () => {
  test.each([
    { env: { AWS_ENDPOINT_URL: ENDPOINT }, url: 'http://127.0.0.1:7070/my.bucket/a%3Db' },
    { env: { AWS_ENDPOINT_URL: `${ENDPOINT}/s3/` }, url: 'http://127.0.0.1:7070/s3/my.bucket/a%3Db' },
    { env: { AWS_ENDPOINT_URL: 'http://x', AWS_ENDPOINT_URL_S3: ENDPOINT }, url: `${ENDPOINT}/my.bucket/a%3Db` },
    { env: { AWS_REGION: 'eu-west-1' }, url: 'https://s3.eu-west-1.amazonaws.com/my.bucket/a%3Db' },
    { env: {}, bucket: 'mine', url: 'https://mine.s3.us-east-1.amazonaws.com/a%3Db' },
    {
      env: { AWS_ENDPOINT_URL: 'https://storage.example', AWS_VIRTUAL_HOSTED_STYLE_REQUEST: 'true' },
      url: 'https://my.bucket.storage.example/a%3Db',
    },
  ])('$env', async ({ env, bucket = 'my.bucket', url }) => {
    const urls: string[] = [];
    const settings = readS3Settings(bucket, { ...credentials, ...env });
    const store = new S3BlobStore(settings, {
      fetch: (request) => {
        urls.push(request.url);
        return Promise.resolve(new Response('x'));
      },
    });
    await store.get('a=b');
    expect(urls).toEqual([url]);
  });

  test.each([
    { env: { AWS_ACCESS_KEY_ID: '' }, message: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' },
    { env: { AWS_ENDPOINT_URL_S3: 'storage:9000' }, message: 'AWS_ENDPOINT_URL_S3="storage:9000"' },
    { env: { AWS_ENDPOINT_URL: 'http://user:word@host' }, message: 'AWS_ENDPOINT_URL=' },
    { env: {}, bucket: 'Capital', message: '"Capital" is no name of a bucket' },
    { env: {}, bucket: '', message: '"" is no name of a bucket' },
  ])('$env $bucket is refused: $message', ({ env, bucket = 'bucket', message }) => {
    expect(() => readS3Settings(bucket, { ...credentials, ...env })).toThrow(
      expect.objectContaining({ code: 'BLOB_INVALID_LOCATION', message: expect.stringContaining(message) as string }),
    );
  });
});

test.each(['', 'XUserNotFound', 'NoSuchUpload'])('a 404 that says %j is not taken for a missing blob', async (code) => {
  const { store, fake } = setUp();
  fake.faultOf = () => ({ status: 404, code });
  await expect(store.get('a')).rejects.toMatchObject({ code: 'BLOB_FAILED' });
  await expect(store.delete('a')).rejects.toMatchObject({ code: 'BLOB_FAILED' });
});

test('a put if unchanged whose answer was lost has put', async () => {
  const { store, fake } = setUp();
  await store.put('a', bytes);
  const etags: string[] = [];
  for await (const { etag } of store.list('a')) etags.push(etag);
  const etag = etags[0]!; // it was put
  fake.faultOf = (request) => (request === 2 ? 'lost' : undefined);
  expect(await store.putIfMatch('a', Uint8Array.of(9), etag)).toBe(true);
  expect(await store.putIfMatch('a', Uint8Array.of(8), etag)).toBe(false);
  expect(await store.get('a')).toEqual(Uint8Array.of(9));
});

test('an operation that is aborted ends at once, while it is sent as while it waits for another try', async () => {
  const settings = readS3Settings('bucket', { ...credentials, AWS_ENDPOINT_URL: ENDPOINT });
  const reason = new Error('left');
  const sending = new AbortController();
  const store = new S3BlobStore(settings, {
    fetch: (request) =>
      new Promise((_answer, fail) => {
        request.signal.addEventListener('abort', () => fail(request.signal.reason as Error));
        sending.abort(reason);
      }),
  });
  await expect(store.get('a', undefined, sending.signal)).rejects.toBe(reason);
  const waiting = new AbortController();
  const busy = new S3BlobStore(settings, {
    fetch: () => Promise.resolve(new Response(null, { status: 503 })),
    delay: () => {
      waiting.abort(reason);
      return new Promise(() => {});
    },
  });
  await expect(busy.put('a', bytes, waiting.signal)).rejects.toBe(reason);
});
