import { readFileSync } from 'node:fs';
import { MemoryBlobStore } from '@lightcone/blobs';
import { AgeBlobStore, changeKeys, EncryptedBlobStore } from '@lightcone/blobs/encrypted';
import type { AgeKeys } from '@lightcone/blobs/encrypted';
import { blobStoreContract, FaultyBlobStore } from '@lightcone/blobs/testing';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';

const passphrase: AgeKeys = { passphrase: 'correct horse battery staple', scryptLogN: 1 };
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const recipients: AgeKeys = { recipients: [recipient], identities: [identity] };
const secret = new TextEncoder().encode('a secret that nobody is to see');

describe('EncryptedBlobStore', () => {
  blobStoreContract(async () => EncryptedBlobStore.open(new MemoryBlobStore(), passphrase));
});

describe('AgeBlobStore', () => {
  // Its head has one stanza, and each chunk of 64 KiB a tag.
  const overhead = 184;
  const storedSize = (size: number): number => size + overhead + 16 * Math.max(1, Math.ceil(size / 65_536));
  blobStoreContract(async () => AgeBlobStore.open(new MemoryBlobStore(), recipients), { storedSize });
});

describe.each([
  { name: 'EncryptedBlobStore', open: EncryptedBlobStore.open.bind(EncryptedBlobStore) },
  { name: 'AgeBlobStore', open: AgeBlobStore.open.bind(AgeBlobStore) },
])('$name', ({ open }) => {
  test.each([
    { keys: passphrase, others: { passphrase: 'wrong', scryptLogN: 1 } },
    { keys: recipients, others: passphrase },
    { keys: passphrase, others: recipients },
  ] satisfies { keys: AgeKeys; others: AgeKeys }[])('other keys are found at once', async ({ keys, others }) => {
    const inner = new MemoryBlobStore();
    await (await open(inner, keys)).put('a', secret);
    await expect(open(inner, others)).rejects.toMatchObject({ code: 'BLOB_WRONG_KEY' });
    expect(await (await open(inner, keys)).get('a')).toEqual(secret);
  });

  test('nothing of a blob is in the storage', async () => {
    const inner = new MemoryBlobStore();
    await (await open(inner, passphrase)).put('a', secret);
    for await (const { key } of inner.list('')) {
      expect(Buffer.from((await inner.get(key))!).includes(Buffer.from(secret))).toBe(false); // it was listed
    }
  });

  test('a blob that was changed anywhere, or cut off anywhere, is damaged', async () => {
    const inner = new MemoryBlobStore();
    const store = await open(inner, passphrase);
    await store.put('a', secret);
    await store.get('a');
    const key = (await keysOf(inner)).find((name) => !name.startsWith('keys/'))!; // it was put
    const sealed = (await inner.get(key))!; // it was listed
    const damaged = { code: 'BLOB_DAMAGED' };
    for (let at = 0; at < sealed.length; at += 3) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      await inner.put(key, changed);
      await expect(store.get('a')).rejects.toMatchObject(damaged);
      await inner.put(key, sealed.subarray(0, at));
      await expect(store.get('a')).rejects.toMatchObject(damaged);
    }
  });

  test('a store that fails fails as it does without encryption', async () => {
    const store = new FaultyBlobStore(new MemoryBlobStore(), () => ({ kind: 'before' }));
    await expect(open(store, passphrase)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  });
});

test('an encrypted blob cannot be passed off as another, nor as its own beginning', async () => {
  const inner = new MemoryBlobStore();
  const store = await EncryptedBlobStore.open(inner, passphrase);
  const large = new Uint8Array(200_000).fill(7);
  await store.put('a', large);
  await store.put('b', secret);
  const sealed = (await inner.get('data/a'))!; // it was put
  await inner.put('data/b', sealed);
  await expect(store.get('b')).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
  // Cut off between two chunks.
  await inner.put('data/a', sealed.subarray(0, 36 + 2 * (65_536 + 16)));
  await expect(store.get('a')).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
  await expect(store.get('a', { start: 0, end: 10 })).resolves.toEqual(large.slice(0, 10));
  await expect(store.get('a', { start: 70_000, end: 70_010 })).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
});

test('of two that open a new store at once, both get one key', async () => {
  const inner = new MemoryBlobStore();
  const [a, b] = await Promise.all([
    EncryptedBlobStore.open(inner, passphrase),
    EncryptedBlobStore.open(inner, passphrase),
  ]);
  await a.put('a', secret);
  expect(await b.get('a')).toEqual(secret);
});

test('keys can be changed, and then the old ones open nothing', async () => {
  const inner = new MemoryBlobStore();
  await (await EncryptedBlobStore.open(inner, passphrase)).put('a', secret);
  await changeKeys(inner, passphrase, recipients);
  await expect(EncryptedBlobStore.open(inner, passphrase)).rejects.toMatchObject({ code: 'BLOB_WRONG_KEY' });
  expect(await (await EncryptedBlobStore.open(inner, recipients)).get('a')).toEqual(secret);
  await expect(changeKeys(inner, passphrase, passphrase)).rejects.toMatchObject({ code: 'BLOB_WRONG_KEY' });
  await expect(changeKeys(new MemoryBlobStore(), passphrase, recipients)).rejects.toMatchObject({
    code: 'BLOB_WRONG_KEY',
  });
});

test('a store whose key file is gone is not given a new one', async () => {
  const inner = new MemoryBlobStore();
  await (await EncryptedBlobStore.open(inner, passphrase)).put('a', secret);
  await inner.delete('keys/1.age');
  await expect(EncryptedBlobStore.open(inner, passphrase)).rejects.toMatchObject({ code: 'BLOB_WRONG_KEY' });
  expect(await keysOf(inner)).toEqual(['data/a']);
});

test.each([
  { passphrase: '', recipients: ['age1nonsense'], identities: [] },
  { recipients: ['nonsense'], identities: ['nonsense'] },
])('keys that are none are refused', async ({ recipients: to, identities }) => {
  const keys = { recipients: to, identities };
  await expect(EncryptedBlobStore.open(new MemoryBlobStore(), keys)).rejects.toMatchObject({ code: 'BLOB_WRONG_KEY' });
});

// Written by the crate `age` through pyrage 1.4.0: see vectors/README.md. The passphrase’s has a work factor of 2^19.
test.each([
  { file: 'passphrase.age', keys: { passphrase: 'correct horse' } },
  { file: 'recipient.age', keys: { recipients: [], identities: [vector('identity.txt').toString().trim()] } },
] satisfies { file: string; keys: AgeKeys }[])('$file, which Rust wrote, is read', async ({ file, keys }) => {
  const inner = new MemoryBlobStore();
  await inner.put('a', vector(file));
  const store = await AgeBlobStore.open(inner, keys);
  expect(await store.get('a')).toEqual(new Uint8Array(vector('plain')));
});

function vector(file: string): Buffer {
  return readFileSync(new URL(`../vectors/${file}`, import.meta.url));
}

async function keysOf(store: MemoryBlobStore): Promise<string[]> {
  const keys = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}
