import { MemoryBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import type { BlobFault, BlobOperation } from '@lightcone/blobs/testing';
import { seededRandom } from '@lightcone/commitlog/testing';
import { describe, expect, test } from 'vitest';
import { DatabaseArchiver } from '../src/copies/database-archiver.ts';
import { DatabaseCopy, listCopies } from '../src/copies/database-copy.ts';
import { Folder, addSnapshot, clock, contentOf, description, identity } from './database-folder.ts';

function archiverOf({ disk, folder }: Folder, store: BlobStore): DatabaseArchiver {
  return new DatabaseArchiver({ fs: disk, path: 'db', folder }, store, clock);
}

async function copies(store: BlobStore): Promise<DatabaseCopy[]> {
  const found = [];
  for await (const name of listCopies(store, identity)) found.push(new DatabaseCopy(store, name));
  return found;
}

describe('an archive', () => {
  test('has what is durable after each round, and what the database is called', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    await folder.append(10);
    expect(await archiver.round(9, description)).toBe('the database was not archived before');
    await folder.append(5);
    expect(await archiver.round(14, { ...description, names: ['other'] })).toBeUndefined();
    expect(await archiver.round(14, { ...description, names: ['other'] })).toBeUndefined();
    expect(archiver.endTxOffset).toBe(15);
    const [copy, ...more] = await copies(store);
    expect(more).toEqual([]);
    expect(await contentOf(copy!)).toBe('7'.repeat(15));
    expect(await copy!.readDescription()).toEqual({ ...description, names: ['other'] });
  });

  test('is not begun for a database that has no transactions yet', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    expect(await archiverOf(folder, store).round(-1, description)).toBeUndefined();
    expect(await copies(store)).toEqual([]);
    await expect(folder.folder.get('archive.json')).resolves.toBeUndefined();
  });

  test('goes on after a restart where it was, and does not repeat what is there', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(10);
    await archiverOf(folder, store).round(9, description);
    await folder.append(10, 8);
    const puts: string[] = [];
    const counted = new FaultyBlobStore(store, (operation, key) => {
      if (operation === 'putIfAbsent') puts.push(key);
      return undefined;
    });
    const archiver = archiverOf(folder, counted);
    expect(await archiver.round(19, description)).toBeUndefined();
    expect(puts.every((key) => Number(/(\d{20})/.exec(key)?.[1]) >= 10)).toBe(true);
    const [copy] = await copies(store);
    expect(await contentOf(copy!)).toBe('7'.repeat(10) + '8'.repeat(10));
  });

  test('begins a new copy when the database is an older state of itself, and keeps the old one', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(10);
    await archiverOf(folder, store).round(9, description);
    const older = await Folder.open();
    older.folder = folder.folder;
    await older.append(6);
    expect(await archiverOf(older, store).round(5, description)).toMatch(
      /^the archive no longer has archive-.* as it was$/,
    );
    await older.append(9, 3);
    const archiver = archiverOf(older, store);
    expect(await archiver.round(14, description)).toBeUndefined();
    const found = await copies(store);
    expect(await Promise.all(found.map((copy) => contentOf(copy)))).toEqual(['7777777777', '777777333333333']);
  });

  test('begins a new copy when the database is an older state that ends within the last piece', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(4);
    await folder.append(6);
    await archiverOf(folder, store).round(9, description);
    const older = await Folder.open();
    older.folder = folder.folder;
    await older.append(4);
    expect(await archiverOf(older, store).round(3, description)).toMatch(/^the archive no longer has/u);
    const found = await copies(store);
    expect(await Promise.all(found.map((copy) => contentOf(copy)))).toEqual(['7777777777', '7777']);
  });

  test('begins a new copy when what it ended with has another history, of the same length', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(10);
    await archiverOf(folder, store).round(9, description);
    const other = await Folder.open();
    other.folder = folder.folder;
    await other.append(10, 3);
    expect(await archiverOf(other, store).round(9, description)).toMatch(/^the archive no longer has/u);
    const found = await copies(store);
    expect(await Promise.all(found.map((copy) => contentOf(copy)))).toEqual(['7'.repeat(10), '3'.repeat(10)]);
  });

  test('of two servers that go on from the same state, the second begins a copy of its own', async () => {
    const one = await Folder.open();
    const store = new MemoryBlobStore();
    await one.append(4);
    const first = archiverOf(one, store);
    await first.round(3, description);
    const two = await Folder.open();
    await two.append(4);
    await two.folder.put('archive.json', (await one.folder.get('archive.json'))!); // the round wrote it
    const second = archiverOf(two, store);
    expect(await second.round(3, description)).toBeUndefined();
    await one.append(2, 1);
    await two.append(3, 2);
    expect(await first.round(5, description)).toBeUndefined();
    expect(await second.round(6, description)).toMatch(/another piece has this name/);
    const found = await copies(store);
    expect(await Promise.all(found.map((copy) => contentOf(copy)))).toEqual(['777711', '7777222']);
  });

  test('that cannot be gone on with has its newest snapshot in the new copy, too', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    await folder.append(4);
    await addSnapshot(folder, 3);
    await archiver.round(3, description);
    const [first] = await copies(store);
    await first!.log.add({ ...(await first!.log.read(0)), firstTxOffset: 4, endTxOffset: 8 });
    await folder.append(1);
    expect(await archiver.round(4, description)).toMatch(/another piece has this name/u);
    const [, second] = await copies(store);
    expect(await second!.snapshots.list()).toEqual([3]);
  });

  test('that was damaged is left as it is, and a new copy begun', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(4);
    await archiverOf(folder, store).round(3, description);
    for await (const { key } of store.list('')) {
      if (key.endsWith('.piece')) await store.put(key, Uint8Array.of(1));
    }
    expect(await archiverOf(folder, store).round(3, description)).toMatch(/cut off/);
    const [, copy] = await copies(store);
    expect(await contentOf(copy!)).toBe('7777');
  });

  test.each([0, 4])(
    'of a log without its beginning begins with a snapshot at %d, or says that it cannot',
    async (at) => {
      const folder = await Folder.open(1);
      for (let i = 0; i < 10; i++) await folder.append(1);
      await folder.disk.remove('db/clog/00000000000000000000.stdb.log');
      const store = new MemoryBlobStore();
      await expect(archiverOf(folder, store).round(9, description)).rejects.toMatchObject({ code: 'LOG_MISSING' });
      expect(await copies(store)).toEqual([]);

      await addSnapshot(folder, at);
      await archiverOf(folder, store).round(9, description);
      const [copy] = await copies(store);
      expect(await copy!.snapshots.list()).toEqual([at]);
      expect(await copy!.snapshots.verify(at)).toEqual([]);
      expect(await contentOf(copy!)).toBe('7'.repeat(9));
    },
  );

  test('has no snapshot of transactions that it has not', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    await folder.append(15);
    await addSnapshot(folder, 12);
    // As it was when the end of what is durable was asked for.
    await archiver.round(9, description);
    const [copy] = await copies(store);
    expect(await copy!.snapshots.list()).toEqual([]);
    await archiver.round(14, description);
    expect(await copy!.snapshots.list()).toEqual([12]);
  });

  test('has the log though the newest snapshot is damaged, which is told once, and the next good one', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    await folder.append(10);
    await folder.folder.put(await addSnapshot(folder, 4), new Uint8Array(100).fill(99));
    await archiver.round(9, description);
    expect(archiver.snapshotProblem).toMatch(/objects\/.*/);
    await folder.append(1);
    await archiver.round(10, description);
    expect(archiver.snapshotProblem).toBeUndefined();
    const [copy] = await copies(store);
    expect(await contentOf(copy!)).toBe('7'.repeat(11));
    expect(await copy!.snapshots.list()).toEqual([]);
    await addSnapshot(folder, 10);
    await archiver.round(10, description);
    expect(await copy!.snapshots.list()).toEqual([10]);
  });

  test('has the log though the snapshot is removed while it is copied', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    await folder.append(10);
    const object = await addSnapshot(folder, 4);
    const remove = async (): Promise<void> => {
      await folder.folder.delete('snapshots/00000000000000000004.snapshot');
      await folder.folder.delete(object);
    };
    const removing = new FaultyBlobStore(store, (operation, key) =>
      operation === 'list' && key.endsWith('/snapshots/objects/') ? { kind: 'wait', until: remove() } : undefined,
    );
    const archiver = archiverOf(folder, removing);
    await archiver.round(9, description);
    await expect(folder.folder.get(object)).resolves.toBeUndefined();
    expect(archiver.snapshotProblem).toBeUndefined();
    const [copy] = await copies(store);
    expect(await contentOf(copy!)).toBe('7'.repeat(10));
    await addSnapshot(folder, 9);
    await archiver.round(9, description);
    expect(await copy!.snapshots.list()).toEqual([9]);
  });

  test('has few snapshots of old states and more of recent ones, each whole, and all of the log', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    for (let txOffset = 9; txOffset < 250; txOffset += 10) {
      await folder.append(10);
      await addSnapshot(folder, txOffset);
      await archiver.round(txOffset, description);
      expect(archiver.snapshotProblem).toBeUndefined();
    }
    const [copy] = await copies(store);
    const there = await copy!.snapshots.list();
    expect(there).toEqual([89, 149, 179, 209, 229, 239, 249]);
    for (const txOffset of there) expect(await copy!.snapshots.verify(txOffset)).toEqual([]);
    const objects = [];
    for await (const { key } of copy!.blobs.list('snapshots/objects/')) objects.push(key);
    expect(objects).toHaveLength(there.length);
    expect(await contentOf(copy!)).toBe('7'.repeat(250));
  });

  test('with a manifest that nobody can read keeps what snapshots may need, says so once, and has the log', async () => {
    const folder = await Folder.open();
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    const round = async (txOffset: number): Promise<void> => {
      await folder.append(10);
      await addSnapshot(folder, txOffset);
      await archiver.round(txOffset, description);
    };
    await round(9);
    const [copy] = await copies(store);
    await copy!.blobs.put('snapshots/00000000000000000999.snapshot', new Uint8Array(9));
    await round(19);
    expect(archiver.snapshotProblem).toMatch(/old snapshots cannot be removed from the archive: .*999\.snapshot/);
    await archiver.round(19, description);
    expect(archiver.snapshotProblem).toBeUndefined();
    expect(await copy!.snapshots.verify(19)).toEqual([]);
    expect(await contentOf(copy!)).toBe('7'.repeat(20));
  });

  test('of a log without its beginning begins with an older snapshot where the newest is damaged', async () => {
    const folder = await Folder.open(1);
    for (let i = 0; i < 10; i++) await folder.append(1);
    await folder.disk.remove('db/clog/00000000000000000000.stdb.log');
    await addSnapshot(folder, 3);
    const object = await addSnapshot(folder, 6);
    await folder.folder.put(object, new Uint8Array(100));
    const store = new MemoryBlobStore();
    const archiver = archiverOf(folder, store);
    await archiver.round(9, description);
    expect(archiver.snapshotProblem).toBeDefined();
    const [copy] = await copies(store);
    expect(await copy!.snapshots.list()).toEqual([3]);
    expect(await contentOf(copy!)).toBe('7'.repeat(9));
  });

  test('whose every operation fails now and then has everything in the end, once', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const folder = await Folder.open();
      const store = new MemoryBlobStore();
      let failing = true;
      const faulty = new FaultyBlobStore(store, (_operation: BlobOperation): BlobFault | undefined => {
        if (!failing || random() < 0.6) return undefined;
        return { kind: random() < 0.5 ? 'before' : 'after' };
      });
      let archiver = archiverOf(folder, faulty);
      let total = 0;
      for (let round = 0; round < 30; round++) {
        const count = 1 + Math.floor(random() * 4);
        await folder.append(count, round % 10);
        total += count;
        failing = true;
        if (random() < 0.2) archiver = archiverOf(folder, faulty);
        await archiver.round(total - 1, description).catch((error: { code?: string }) => {
          expect(error.code).toBe('BLOB_UNAVAILABLE');
        });
      }
      failing = false;
      await archiver.round(total - 1, description);
      const newest = (await copies(store)).at(-1)!; // at least one was begun
      const content = await contentOf(newest);
      expect(content).toHaveLength(total);
      let expected = '';
      await folder.log.replay((_min, count, bytes, start) => {
        for (let i = 0; i < count; i++) expected += String(bytes[start + i * 20]);
      });
      expect(content).toBe(expected);
      // Failures alone are no reason to begin another copy, once there is one.
      expect((await copies(store)).length).toBeLessThanOrEqual(3);
    }
  });
});

test('copies are listed by database and by age, and what is none is passed over', async () => {
  const store = new MemoryBlobStore();
  const other = 'd3'.repeat(32);
  await store.put('README.txt', Uint8Array.of(1));
  await store.put(`${identity}/something/else`, Uint8Array.of(1));
  const names = [
    { identity, id: 'archive-20261126T211500Z-00000000' },
    { identity, id: 'archive-20261126T211501Z-00000000' },
    { identity, id: 'backup-20251126T211500Z-00000000' },
    { identity: other, id: 'archive-20261126T211500Z-00000000' },
  ];
  for (const name of names) {
    await new DatabaseCopy(store, name).describe({ ...description, identity: name.identity });
    await store.put(`${name.identity}/${name.id}/log/00000000000000000000.piece`, Uint8Array.of(1));
  }
  const all = [];
  for await (const name of listCopies(store)) all.push(name);
  expect(all).toEqual(names);
  const one = [];
  for await (const name of listCopies(store, other)) one.push(name);
  expect(one).toEqual(names.slice(3));
});
