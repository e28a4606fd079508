import { describe, expect, test } from 'vitest';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { PrefixedBlobStore } from './prefixed-blob-store.ts';
import { blobStoreContract } from './testing/blob-store-contract.ts';

describe('MemoryBlobStore', () => {
  blobStoreContract(async () => new MemoryBlobStore());
});

describe('PrefixedBlobStore', () => {
  blobStoreContract(async () => {
    const inner = new MemoryBlobStore();
    await inner.put('before/x', new Uint8Array(1));
    await inner.put('in/sidee', new Uint8Array(1));
    return new PrefixedBlobStore(inner, 'in/side');
  });

  test('touches nothing outside of its folder', async () => {
    const inner = new MemoryBlobStore();
    const store = new PrefixedBlobStore(inner, 'in/side');
    await store.put('a', Uint8Array.of(1));
    expect(await inner.get('in/side/a')).toEqual(Uint8Array.of(1));
    expect(() => new PrefixedBlobStore(inner, 'in/')).toThrow(expect.objectContaining({ code: 'BLOB_INVALID_KEY' }));
    expect(() => new PrefixedBlobStore(inner, '..')).toThrow(expect.objectContaining({ code: 'BLOB_INVALID_KEY' }));
  });
});

test('the time of a blob is the clock’s that was given', async () => {
  const store = new MemoryBlobStore(() => 1234);
  await store.put('a', new Uint8Array(1));
  for await (const { modifiedAt } of store.list('')) expect(modifiedAt).toBe(1234);
  expect.assertions(1);
});
