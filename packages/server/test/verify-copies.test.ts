import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobStore, PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { CountingBlobStore, FaultyBlobStore } from '@lightcone/blobs/testing';
import { SnapshotStore } from '@lightcone/commitlog';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseArchiver } from '../src/copies/database-archiver.ts';
import { DatabaseCopy } from '../src/copies/database-copy.ts';
import { verifyCopies } from '../src/copies/index.ts';
import type { VerifiedCopy } from '../src/copies/index.ts';
import { Folder, clock, description, identity } from './database-folder.ts';

let work: string;
let count = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-verify-copies-'));
});
afterAll(() => rm(work, { recursive: true }));

/** A snapshot with an object that all have, as that with the program, and one of its own. */
async function addSharingSnapshot({ folder }: Folder, txOffset: number): Promise<void> {
  const snapshots = new SnapshotStore(new PrefixedBlobStore(folder, 'snapshots'));
  const writer = await snapshots.write();
  const shared = writer.add(new Uint8Array(100).fill(255), 0, 100, true);
  await writer.storeAll();
  const pieces = [...shared, ...writer.add(new Uint8Array(100).fill(txOffset), 0, 100, true)];
  await writer.storeAll();
  const objects = [...new Map(pieces.map(({ object }) => [object.id, object])).values()];
  expect(objects).toHaveLength(2);
  const database = new Uint8Array(32);
  await writer.finish({ database, txOffset, takenAtMicros: 1, objects, contents: new Uint8Array(0) });
}

/** Archives 40 transactions in four pieces, with snapshots of 19, 29 and 39. */
async function archiveInto(store: BlobStore): Promise<void> {
  const folder = await Folder.open();
  const archiver = new DatabaseArchiver({ fs: folder.disk, path: 'db', folder: folder.folder }, store, clock);
  for (let end = 10; end <= 40; end += 10) {
    await folder.append(10);
    await archiver.round(end - 1, description);
    await addSharingSnapshot(folder, end - 1);
    await archiver.round(end - 1, description);
  }
}

async function verified(store: BlobStore, database?: string): Promise<VerifiedCopy[]> {
  const all: VerifiedCopy[] = [];
  for await (const one of verifyCopies(store, database)) all.push(one);
  return all;
}

describe.each([
  { kind: 'memory', make: (): BlobStore => new MemoryBlobStore() },
  { kind: 'a folder', make: (): BlobStore => new FolderBlobStore(join(work, String(count++))) },
])('an archive in $kind', ({ make }) => {
  let store: BlobStore;
  /** Of its parts, within the archive. */
  let keys: string[];
  let blobs: BlobStore;
  beforeEach(async () => {
    store = make();
    await archiveInto(store);
    const [one] = await verified(store);
    blobs = new PrefixedBlobStore(store, `${identity}/${one!.id}`); // it was just made
    keys = [];
    for await (const { key } of blobs.list('')) keys.push(key);
  });

  const change = async (key: string, how: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    await blobs.put(key, how((await blobs.get(key))!)); // it is there
  };
  const problems = async (): Promise<readonly string[]> => (await verified(store))[0]!.problems;

  test('that is whole is good, and each blob of it is read once', async () => {
    const counting = new CountingBlobStore(store);
    expect(await verified(counting)).toMatchObject([
      {
        identity,
        name: 'chat',
        content: '4 pieces of log and 3 snapshots up to transaction 39',
        problems: [],
      },
    ]);
    expect(counting.operations('get')).toBe(keys.length);
  });

  test('is damaged by one flipped bit, or one byte less, or nothing, wherever that is', async () => {
    for (const key of keys) {
      const good = (await blobs.get(key))!; // it is listed
      await change(key, (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1));
      // Of the description only the form is known.
      if (key !== 'database.json') expect(await problems(), key).not.toEqual([]);
      await change(key, (bytes) => bytes.subarray(0, -1));
      expect(await problems(), key).not.toEqual([]);
      await blobs.put(key, good);
    }
    expect(await problems()).toEqual([]);
  });

  test('of which an object is missing that all snapshots share is told for each of them', async () => {
    const objects = keys.filter((key) => key.includes('/objects/'));
    let isShared = false;
    for (const key of objects) {
      const good = (await blobs.get(key))!; // it is listed
      await blobs.delete(key);
      const told = await problems();
      expect(told.every((one) => /^the snapshot of transaction \d+: objects\/.*is missing$/u.test(one))).toBe(true);
      isShared ||= told.length === 3;
      await blobs.put(key, good);
    }
    expect(isShared).toBe(true);
  });

  test('whose log has a gap, or ends before its snapshots, or begins behind them, is damaged', async () => {
    const pieces = keys.filter((key) => key.endsWith('.piece'));
    const told: (readonly string[])[] = [];
    for (const key of pieces) {
      const good = (await blobs.get(key))!; // it is listed
      await blobs.delete(key);
      told.push(await problems());
      await blobs.put(key, good);
    }
    expect(told).toEqual([
      [], // what came before a good snapshot may have been let go of
      ['the log has a gap: transactions 10 to 19'],
      ['the log has a gap: transactions 20 to 29'],
      ['its log ends with transaction 29, though it has a snapshot of 39'],
    ]);
    await blobs.delete(pieces[0]!);
    for (const key of keys.filter((one) => one.endsWith('.snapshot'))) await blobs.delete(key);
    expect(await problems()).toEqual([
      'its log begins with transaction 10, and there is no good snapshot of what was before',
    ]);
  });

  test.each([
    { nth: 1, pieces: 2 },
    { nth: 2, pieces: 2 },
    { nth: 3, pieces: 4 },
  ])('that lets go of what is old before piece $nth is read is good', async ({ nth, pieces }) => {
    let read = 0;
    const [{ id }] = (await verified(store)) as [VerifiedCopy];
    const { log, snapshots } = new DatabaseCopy(store, { identity, id });
    let letGo: Promise<void> | undefined;
    const changing = new FaultyBlobStore(store, (operation, key) => {
      if (operation !== 'get' || !key.endsWith('.piece') || ++read < nth) return undefined;
      letGo ??= (async () => {
        await snapshots.remove(19);
        await snapshots.collect();
        await log.removeBefore(29, 100);
      })();
      return { kind: 'wait', until: letGo };
    });
    expect(await verified(changing)).toMatchObject([
      { content: `${pieces} pieces of log and 2 snapshots up to transaction 39`, problems: [] },
    ]);
  });

  test('of another database, or one in which nothing is yet, is passed over', async () => {
    expect(await verified(store, 'other')).toEqual([]);
    expect(await verified(store, 'chat')).toHaveLength(1);
    expect(await verified(store, identity)).toHaveLength(1);
    expect(await verified(store, 'ab'.repeat(32))).toEqual([]);
    for (const key of keys.filter((one) => one.endsWith('.piece'))) await blobs.delete(key);
    expect(await verified(store)).toEqual([]);
  });
});
