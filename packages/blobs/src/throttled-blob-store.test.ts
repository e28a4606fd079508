import { describe, expect, test } from 'vitest';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { blobStoreContract } from './testing/blob-store-contract.ts';
import { S3_LIKE_DELAYS, ThrottledBlobStore } from './throttled-blob-store.ts';

describe('ThrottledBlobStore', () => {
  blobStoreContract(async () => {
    const delays = { getMs: 0, putMs: 0, listMs: 0, deleteMs: 0 };
    return new ThrottledBlobStore(new MemoryBlobStore(), delays, () => Promise.resolve());
  });

  test('waits as long as was said before each operation', async () => {
    const waited: number[] = [];
    const store = new ThrottledBlobStore(new MemoryBlobStore(), S3_LIKE_DELAYS, async (ms) => {
      waited.push(ms);
    });
    await store.put('a', Uint8Array.of(1));
    await store.putIfAbsent('b', Uint8Array.of(1));
    await store.get('a');
    for await (const { etag } of store.list('a')) await store.putIfMatch('a', Uint8Array.of(2), etag);
    await store.delete('a');
    expect(waited).toEqual([250, 250, 25, 50, 250, 50]);
  });
});
