import { describe, expect, test } from 'vitest';
import { MemoryBlobStore } from '../memory-blob-store.ts';
import { blobStoreContract } from './blob-store-contract.ts';
import { FaultyBlobStore } from './faulty-blob-store.ts';
import type { BlobFault } from './faulty-blob-store.ts';

const bytes = Uint8Array.of(1, 2, 3);

describe('FaultyBlobStore without faults', () => {
  blobStoreContract(async () => new FaultyBlobStore(new MemoryBlobStore(), () => undefined));
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
