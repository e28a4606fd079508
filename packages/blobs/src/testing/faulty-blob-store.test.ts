import { describe, expect, test } from 'vitest';
import { MemoryBlobStore } from '../memory-blob-store.ts';
import { blobStoreContract } from './blob-store-contract.ts';
import { CountingBlobStore } from './counting-blob-store.ts';
import { FaultyBlobStore } from './faulty-blob-store.ts';
import type { BlobFault } from './faulty-blob-store.ts';

const bytes = Uint8Array.of(1, 2, 3);

describe('FaultyBlobStore without faults', () => {
  blobStoreContract(async () => new FaultyBlobStore(new MemoryBlobStore(), () => undefined));
});

describe('CountingBlobStore', () => {
  blobStoreContract(async () => new CountingBlobStore(new MemoryBlobStore()));

  test('counts operations by their kind, and bytes', async () => {
    const store = new CountingBlobStore(new MemoryBlobStore());
    await store.put('a', bytes);
    await store.putIfAbsent('a', bytes);
    await store.get('a');
    await keysOf(store);
    expect([store.operations(), store.operations('put'), store.bytesPut, store.bytesGot]).toEqual([4, 1, 6, 3]);
    store.reset();
    expect([store.operations(), store.bytesPut, store.bytesGot]).toEqual([0, 0, 0]);
  });
});

test.each([
  { kind: 'before', isThere: false },
  { kind: 'after', isThere: true },
] as const)('a put that fails $kind its effect', async ({ kind, isThere }) => {
  const inner = new MemoryBlobStore();
  const store = new FaultyBlobStore(inner, (operation) => (operation === 'get' ? undefined : { kind }));
  await expect(store.put('a', bytes)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  await expect(store.putIfAbsent('b', bytes)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  expect((await store.get('a')) !== undefined).toBe(isThere);
  expect((await store.get('b')) !== undefined).toBe(isThere);
});

test('an operation can be held up, and an answer damaged', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let fault: BlobFault | undefined = { kind: 'wait', until: promise };
  const inner = new MemoryBlobStore();
  const store = new FaultyBlobStore(inner, () => fault);
  const put = store.put('a', bytes);
  expect(await inner.get('a')).toBeUndefined();
  resolve();
  await put;
  fault = { kind: 'damage', at: 1 };
  expect(await store.get('a')).toEqual(Uint8Array.of(1, 3, 3));
  fault = undefined;
  expect(await store.get('a')).toEqual(bytes);
});

test('a put can leave half of itself, be dropped, and be done twice', async () => {
  let fault: BlobFault | undefined = { kind: 'torn', bytes: 2 };
  const store = new FaultyBlobStore(new MemoryBlobStore(), () => fault);
  await expect(store.put('a', bytes)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  fault = { kind: 'drop' };
  expect(await store.putIfAbsent('b', bytes)).toBe(true);
  expect(await store.get('a')).toBeUndefined();
  await store.delete('a');
  fault = { kind: 'repeat' };
  expect(await store.putIfAbsent('c', bytes)).toBe(false);
  fault = undefined;
  expect(await store.get('a')).toEqual(bytes.subarray(0, 2));
  expect(await keysOf(store)).toEqual(['a', 'c']);
});

test('a list can leave out what is there', async () => {
  let fault: BlobFault | undefined;
  const store = new FaultyBlobStore(new MemoryBlobStore(), () => fault);
  for (const key of ['a', 'b', 'c']) await store.put(key, bytes);
  fault = { kind: 'stale', hides: (key) => key === 'b' };
  expect(await keysOf(store)).toEqual(['a', 'c']);
});

async function keysOf(store: FaultyBlobStore | CountingBlobStore): Promise<string[]> {
  const keys = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}
