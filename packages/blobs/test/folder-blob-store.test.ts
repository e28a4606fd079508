import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { blobStoreContract } from '@lightcone/blobs/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const NOBODY = 65_534;

let work: string;
let count = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-blobs-'));
});
afterAll(() => rm(work, { recursive: true }));

const newFolder = (): string => join(work, `${count++}`, 'made', 'when needed');

describe('FolderBlobStore', () => {
  blobStoreContract(async () => new FolderBlobStore(newFolder()));
});

test('what a killed writer left behind is no blob, and hinders none', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a/b', Uint8Array.of(1));
  await writeFile(join(root, 'a', '.tmp-left_behind0'), 'half');
  const keys = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect(keys).toEqual(['a/b']);
  expect(await store.putIfAbsent('a/c', Uint8Array.of(2))).toBe(true);
  await store.removeLeftovers();
  expect((await readdir(join(root, 'a'))).toSorted()).toEqual(['b', 'c']);
  await new FolderBlobStore(newFolder()).removeLeftovers();
});

test('what may be somebody’s who is writing is left, if it is asked for what is older', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a/b/c', Uint8Array.of(1));
  for (const name of [
    '.tmp-oldoldoldold',
    '.lock-old',
    '.tmp-youngyoungyo',
    '.lock-young',
    '.tmp-not-ours',
    'not-ours',
  ]) {
    const path = join(root, 'a', 'b', name);
    await writeFile(path, 'half');
    if (!name.includes('young')) await utimes(path, new Date(), new Date(Date.now() - 3_600_000));
  }
  await store.removeLeftovers(3_000_000);
  expect((await readdir(join(root, 'a', 'b'))).toSorted()).toEqual([
    '.lock-young',
    '.tmp-not-ours',
    '.tmp-youngyoungyo',
    'c',
    'not-ours',
  ]);
});

test.skipIf(process.getuid?.() !== 0)('what lies beside a folder that may not be read is removed', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  for (const folder of ['a', 'lost+found', 'z']) {
    await store.put(`${folder}/b`, Uint8Array.of(1));
    await writeFile(join(root, folder, '.tmp-left_behind0'), 'half');
    await chown(join(root, folder), NOBODY, NOBODY);
  }
  await chmod(join(root, 'lost+found'), 0);
  await chmod(work, 0o755);
  process.seteuid!(NOBODY); // here only where there are users
  try {
    await expect(store.removeLeftovers()).rejects.toMatchObject({ code: 'BLOB_ACCESS_DENIED' });
  } finally {
    process.seteuid!(0);
  }
  for (const folder of ['a', 'z']) expect(await readdir(join(root, folder))).toEqual(['b']);
});

test('a put leaves no other file behind, whether it took place or not', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a/b', Uint8Array.of(1));
  await store.put('a/b', Uint8Array.of(2));
  await store.putIfAbsent('a/b', Uint8Array.of(3));
  await expect(store.put('a', Uint8Array.of(4))).rejects.toMatchObject({ code: 'BLOB_KEY_CONFLICT' });
  await expect(store.put('a/b/c', Uint8Array.of(5))).rejects.toMatchObject({ code: 'BLOB_KEY_CONFLICT' });
  expect(await readdir(root, { recursive: true })).toEqual(['a', 'a/b']);
});

test('a folder goes with its last blob, whoever else is about to put one there', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a/b/c', Uint8Array.of(1));
  await store.put('a/d', Uint8Array.of(2));
  await store.delete('a/b/c');
  expect(await readdir(root, { recursive: true })).toEqual(['a', 'a/d']);
  for (let i = 0; i < 100; i++) {
    await store.put('x/y/old', Uint8Array.of(3));
    await Promise.all([store.delete('x/y/old'), store.put('x/y/new', Uint8Array.of(i))]);
    expect(await store.get('x/y/new')).toEqual(Uint8Array.of(i));
    await store.delete('x/y/new');
  }
  await store.delete('a/d');
  expect(await readdir(root)).toEqual([]);
});

test('a file that says it has more than anybody reads is refused before it takes memory', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('sparse', Uint8Array.of(1));
  await truncate(join(root, 'sparse'), 2 ** 33);
  await expect(store.get('sparse')).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' });
  expect(await store.get('sparse', { start: 0, end: 2 })).toEqual(Uint8Array.of(1, 0));
});

test('a reader finds the old blob or the new one, never a part', async () => {
  const store = new FolderBlobStore(newFolder());
  const size = 300_000;
  await store.put('a', new Uint8Array(size).fill(1));
  let isWriting = true;
  const writing = (async () => {
    for (let value = 2; value < 30; value++) await store.put('a', new Uint8Array(size).fill(value));
    isWriting = false;
  })();
  while (isWriting) {
    const bytes = await store.get('a');
    expect(bytes).toHaveLength(size);
    expect(new Set(bytes).size).toBe(1);
  }
  await writing;
});

test('a link that leads out of the folder is listed as nothing', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a', Uint8Array.of(1));
  await writeFile(join(work, 'outside'), 'secret');
  await symlink(work, join(root, 'out'));
  const keys = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect(keys).toEqual(['a']);
});

test('a lock that a killed process left behind is broken when it is old, and heeded while it is young', async () => {
  const root = newFolder();
  const store = new FolderBlobStore(root);
  await store.put('a/b', Uint8Array.of(1));
  const lock = join(root, 'a', '.lock-b');
  const etagOf = async (): Promise<string> => {
    for await (const { etag } of store.list('a/b')) return etag;
    throw new Error('there is no blob');
  };
  await writeFile(lock, '');
  await utimes(lock, new Date(0), new Date(0));
  expect(await store.putIfMatch('a/b', Uint8Array.of(2), await etagOf())).toBe(true);
  await writeFile(lock, '');
  const waiting = store.putIfMatch('a/b', Uint8Array.of(3), await etagOf());
  expect(await store.get('a/b')).toEqual(Uint8Array.of(2));
  await rm(lock);
  expect(await waiting).toBe(true);
  expect(await readdir(join(root, 'a'))).toEqual(['b']);
});

test(
  'a lock that a killed process left behind is broken in time, also when it is of a later time than now',
  { timeout: 30_000 },
  async () => {
    const root = newFolder();
    const store = new FolderBlobStore(root);
    await store.put('a', Uint8Array.of(1));
    const lock = join(root, '.lock-a');
    await writeFile(lock, '');
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(lock, tomorrow, tomorrow);
    for await (const { etag } of store.list('a'))
      expect(await store.putIfMatch('a', Uint8Array.of(2), etag)).toBe(true);
    expect(await readdir(root)).toEqual(['a']);
  },
);

test('a list that is aborted ends before its next blob', async () => {
  const store = new FolderBlobStore(newFolder());
  for (const key of ['a', 'b/c', 'd']) await store.put(key, Uint8Array.of(1));
  const stopping = new AbortController();
  const reason = new Error('left');
  const keys: string[] = [];
  const listing = async (): Promise<void> => {
    for await (const { key } of store.list('', undefined, stopping.signal)) {
      keys.push(key);
      stopping.abort(reason);
    }
  };
  await expect(listing()).rejects.toBe(reason);
  expect(keys).toEqual(['a']);
});

describe('makeRoot', () => {
  test('makes the folder, and says nothing where it is there', async () => {
    const root = newFolder();
    await new FolderBlobStore(root).makeRoot();
    await new FolderBlobStore(root).makeRoot();
    expect(await readdir(root)).toEqual([]);
  });

  test.each([
    { what: 'a file', place: 'file', says: /file is no folder/u },
    { what: 'below a file', place: 'file/below/it', says: /ENOTDIR/u },
    { what: 'too long a name', place: 'x'.repeat(300), says: /ENAMETOOLONG/u },
  ])('refuses a place that can be none: $what', async ({ place, says }) => {
    await writeFile(join(work, 'file'), '');
    const root = join(work, place);
    await expect(new FolderBlobStore(root).makeRoot()).rejects.toMatchObject({
      code: 'BLOB_INVALID_LOCATION',
      message: expect.stringMatching(says) as string,
    });
  });

  test.runIf(process.platform === 'linux')('ends where the system makes no folder, and a put does, too', async () => {
    for (const root of ['/proc/lightcone', '/proc/lightcone/below/it']) {
      const store = new FolderBlobStore(root);
      await expect(store.makeRoot()).rejects.toMatchObject({ code: 'BLOB_INVALID_LOCATION' });
      await expect(store.put('a/b', Uint8Array.of(1))).rejects.toMatchObject({ code: 'BLOB_FAILED' });
    }
  });

  test('a link whose disk is not there is out of reach, and no wrong place', async () => {
    const link = join(work, 'unmounted');
    await symlink(join(work, 'absent'), link);
    await expect(new FolderBlobStore(link).makeRoot()).rejects.toMatchObject({ code: 'BLOB_FAILED' });
    await mkdir(join(work, 'absent'));
    await new FolderBlobStore(link).makeRoot();
  });
});
