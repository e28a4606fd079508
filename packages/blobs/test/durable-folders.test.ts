import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type * as FileSystem from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const synced = vi.hoisted((): string[] => []);
/** Files whose content was synced, and then what they were renamed or linked to. */
const placed = vi.hoisted((): { readonly from: string; readonly wasSynced: boolean }[] => []);
const contents = vi.hoisted(() => new Set<string>());
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const open: typeof real.open = async (path, ...rest) => {
    const file = await real.open(path, ...rest);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      synced.push(String(path));
    };
    const datasync = file.datasync.bind(file);
    file.datasync = async () => {
      await datasync();
      contents.add(String(path));
    };
    return file;
  };
  const placing =
    (place: (from: string, to: string) => Promise<void>) =>
    (from: string, to: string): Promise<void> => {
      placed.push({ from, wasSynced: contents.has(from) });
      return place(from, to);
    };
  return { ...real, open, rename: placing(real.rename), link: placing(real.link) };
});

const bytes = Uint8Array.of(1);
let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-durable-'));
  synced.length = 0;
});
afterEach(() => rm(work, { recursive: true }));

test('a folder that is there before the first put is not taken as durable: what it lies in is synced', async () => {
  const root = join(work, 'root');
  await mkdir(join(root, 'a', 'b'), { recursive: true }); // by a process that died before it synced anything
  const store = new FolderBlobStore(root);
  await store.put('a/b/one', bytes);
  expect(synced).toEqual(expect.arrayContaining([dirname(root), root, join(root, 'a'), join(root, 'a', 'b')]));
});

test('a blob gets its name when its content is on disk', async () => {
  const store = new FolderBlobStore(join(work, 'root'));
  placed.length = 0;
  await store.put('one', bytes);
  expect(await store.putIfAbsent('two', bytes)).toBe(true);
  const { value: one } = await store.list('one').next();
  expect(await store.putIfMatch('one', bytes, one!.etag)).toBe(true); // it was put
  expect(placed.map(({ wasSynced }) => wasSynced)).toEqual([true, true, true]);
});

test('two puts at once into a new folder both wait until it is durable', async () => {
  const root = join(work, 'root');
  const store = new FolderBlobStore(root);
  const soFar = await Promise.all(['one', 'two'].map((name) => store.put(`a/${name}`, bytes).then(() => [...synced])));
  for (const before of soFar) expect(before).toEqual(expect.arrayContaining([work, root, join(root, 'a')]));
});

test('what is known to be durable is not synced again, but for a folder that went and came again', async () => {
  const root = join(work, 'root');
  const store = new FolderBlobStore(root);
  await store.put('a/b/one', bytes);
  synced.length = 0;
  await store.put('a/b/two', bytes);
  expect(synced).toEqual([join(root, 'a', 'b')]);
  await store.delete('a/b/one');
  await store.delete('a/b/two');
  synced.length = 0;
  await store.put('a/b/three', bytes);
  expect(synced).toEqual([root, join(root, 'a'), join(root, 'a', 'b')]);
});
