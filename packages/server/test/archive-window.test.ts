import { MemoryBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { beforeEach, expect, test } from 'vitest';
import { DatabaseArchiver } from '../src/copies/database-archiver.ts';
import { DatabaseCopy, listCopies } from '../src/copies/database-copy.ts';
import { restoreCopy } from '../src/copies/restore-copy.ts';
import { Folder, addSnapshot, description, identity } from './database-folder.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const KEEP_DAYS = 2;

let hours: number;
let folder: Folder;
let store: MemoryBlobStore;
let archiver: DatabaseArchiver;
let last: number;

beforeEach(async () => {
  hours = 500_000;
  folder = await Folder.open();
  store = new MemoryBlobStore(() => hours * HOUR_MS);
  archiver = archiverTo(store, KEEP_DAYS);
  last = -1;
});

function archiverTo(to: BlobStore, keepDays?: number): DatabaseArchiver {
  const clock = {
    nowMicros: () => hours * HOUR_MS * 1000,
    randomBytes: (count: number) => new Uint8Array(count).fill(1),
  };
  return new DatabaseArchiver({ fs: folder.disk, path: 'db', folder: folder.folder }, to, clock, keepDays);
}

async function commit(): Promise<void> {
  await folder.append(1);
  last++;
}

const snapshot = (): Promise<string> => addSnapshot(folder, last, hours * HOUR_MS * 1000);
const round = (): Promise<string | undefined> => archiver.round(last, description);

/** A transaction an hour, and a snapshot of every sixth unless told. */
async function pass(count: number, every = 6): Promise<void> {
  for (let i = 0; i < count; i++) {
    hours++;
    await commit();
    if (last % every === every - 1) await snapshot();
    await round();
    if (archiver.newBase === undefined) continue;
    // What was read back is what the archive begins with from then on.
    expect((await extentIn(store)).snapshots[0]).toBe(archiver.newBase);
  }
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function copyIn(blobs: BlobStore): Promise<DatabaseCopy> {
  const { value: name } = await listCopies(blobs, identity).next();
  return new DatabaseCopy(blobs, name!); // one was begun
}

interface Extent {
  readonly first: number;
  readonly pieces: number;
  readonly snapshots: readonly number[];
}

/** What a copy has, which leads from its first snapshot, or its first transaction, to the end without a gap. */
async function extentIn(blobs: BlobStore): Promise<Extent> {
  const copy = await copyIn(blobs);
  const pieces = await collect(copy.log.list());
  const first = pieces[0]!; // there is one
  let end = first;
  for (const piece of pieces) {
    expect(piece).toBe(end);
    end = (await copy.log.readHeader(piece)).endTxOffset;
  }
  expect(end).toBe(last + 1);
  const snapshots = await copy.snapshots.list();
  return { first, pieces: pieces.length, snapshots };
}

test('under a steady load the archive stays as large as it is', async () => {
  await pass(10 * DAY_HOURS);
  for (let day = 0; day < 30; day++) {
    await pass(DAY_HOURS);
    const { first, pieces, snapshots } = await extentIn(store);
    // What is kept for sure, and up to as much again: snapshots of so long ago are few.
    expect(last - first).toBeGreaterThanOrEqual(KEEP_DAYS * DAY_HOURS);
    expect(last - first).toBeLessThan(5 * DAY_HOURS);
    expect(pieces).toBeLessThan(5 * DAY_HOURS);
    expect(snapshots[0]).toBeLessThanOrEqual(last - KEEP_DAYS * DAY_HOURS);
    expect(snapshots[0]).toBeGreaterThanOrEqual(first);
    expect(snapshots.length).toBeLessThan(10);
    const objects = await collect((await copyIn(store)).blobs.list('snapshots/objects/'));
    expect(objects.length).toBe(snapshots.length);
  }
});

test('a snapshot of every transaction makes no difference', async () => {
  await pass(8 * DAY_HOURS, 1);
  const { first, snapshots } = await extentIn(store);
  expect(first).toBeGreaterThan(3 * DAY_HOURS);
  expect(snapshots[0]).toBe(first);
});

test('a snapshot is read back once, and the store asked for nothing when there is nothing new', async () => {
  const asked: string[] = [];
  const counting = new FaultyBlobStore(store, (operation, key) => {
    asked.push(`${operation} ${key}`);
    return undefined;
  });
  archiver = archiverTo(counting, KEEP_DAYS);
  await pass(20 * DAY_HOURS);
  const isRead = (what: string): boolean => /^get .*\/snapshots\/objects\//u.test(what);
  expect(asked.filter(isRead).length).toBeGreaterThan(3);
  expect(new Set(asked.filter(isRead)).size).toBe(asked.filter(isRead).length);
  asked.length = 0;
  await round();
  expect(asked).toEqual([]);
  archiver = archiverTo(counting, KEEP_DAYS);
  await round();
  expect(asked.filter(isRead)).toEqual([]);
});

test.each([0, 700_000, -700_000])(
  'nothing that is younger than the window goes, and what is older by a tenth does, when the clock is set by %i hours',
  async (jump) => {
    await pass(DAY_HOURS, Number.POSITIVE_INFINITY);
    await snapshot();
    await round();
    const base = last;
    await pass(2, Number.POSITIVE_INFINITY);
    hours += jump;
    for (let age = 3; age < 2 * KEEP_DAYS * DAY_HOURS; age++) {
      await pass(1, Number.POSITIVE_INFINITY);
      await snapshot();
      await round();
      const { first } = await extentIn(store);
      if (first === 0) continue;
      expect(first).toBeLessThanOrEqual(base);
      expect(age).toBeGreaterThanOrEqual(KEEP_DAYS * DAY_HOURS);
      expect(age).toBeLessThan(jump < 0 ? 2.4 * KEEP_DAYS * DAY_HOURS : 1.2 * KEEP_DAYS * DAY_HOURS);
      return;
    }
    expect(jump).toBeLessThan(0); // what is before has the later time, until it is all out of the window
  },
);

test('a snapshot that was taken while the clock was ahead is nothing to begin with: no moment is behind it', async () => {
  await pass(DAY_HOURS, 12);
  const early = last;
  hours += 700_000;
  await commit();
  await snapshot();
  await round();
  hours -= 700_000;
  await pass(3 * DAY_HOURS, Number.POSITIVE_INFINITY);
  await snapshot();
  await round();
  const { first, snapshots } = await extentIn(store);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(early);
  expect(snapshots[0]).toBeLessThanOrEqual(early);
});

test('a restore from before it is refused with the earliest that is whole', async () => {
  await pass(8 * DAY_HOURS);
  const copy = await copyIn(store);
  const [base, second] = (await copy.snapshots.list()) as [number, number];
  const refusal = (txOffset: number): Promise<unknown> =>
    restoreCopy(copy, { kind: 'offset', txOffset }, '/nothing/is/written/there');
  const earliest = (txOffset: number, code = 'SERVER_RESTORE_FAILED'): object => ({
    code,
    message: expect.stringContaining(
      `the earliest that it can be brought back to is transaction ${txOffset}, of 20`,
    ) as string,
  });
  await expect(refusal(base - 1)).rejects.toMatchObject(earliest(base));
  const { manifest } = await copy.snapshots.open(base);
  await copy.blobs.delete(`snapshots/objects/${manifest.objects[0]!.id.replace(/^../u, '$&/')}`); // it has one
  await expect(refusal(base + 1)).rejects.toMatchObject(earliest(second, 'SERVER_COPY_DAMAGED'));
  await expect(refusal(base - 1)).rejects.toMatchObject(earliest(base));
});

test('without a window all of it stays', async () => {
  archiver = archiverTo(store);
  await pass(20 * DAY_HOURS);
  expect((await extentIn(store)).first).toBe(0);
});

test('a clock that is set far ahead lets nothing go, and may come back and be set ahead again', async () => {
  await pass(DAY_HOURS);
  for (let i = 0; i < 20; i++) {
    hours += 700_000 + i;
    await pass(1);
    if (i === 10) await snapshot();
    await round();
    hours -= 700_000 + i;
    await pass(1);
  }
  expect(last).toBeLessThan(3 * DAY_HOURS);
  expect((await extentIn(store)).first).toBe(0);
  // And it holds nothing up: when it is over for long enough, what was then goes too.
  await pass(6 * DAY_HOURS);
  expect((await extentIn(store)).first).toBeGreaterThan(64);
});

test('a clock that stays far ahead, or goes far back, keeps two days of it all the same', async () => {
  for (const jump of [700_000, -700_000, -300_000]) {
    await pass(7 * DAY_HOURS);
    hours += jump;
    for (let i = 0; i < KEEP_DAYS * DAY_HOURS; i++) {
      const before = last - (KEEP_DAYS * DAY_HOURS - i - 1) - i;
      await pass(1);
      expect((await extentIn(store)).first).toBeLessThanOrEqual(before);
    }
    await pass(8 * DAY_HOURS);
    expect(last - (await extentIn(store)).first).toBeLessThan(6 * DAY_HOURS);
  }
});

test('a pause counts for a tenth of the window, so that of a database that is rarely used more stays', async () => {
  for (let i = 0; i < 30; i++) {
    hours += 7 * DAY_HOURS;
    await commit();
    await snapshot();
    await round();
    const { first } = await extentIn(store);
    expect(first).toBeLessThanOrEqual(Math.max(0, last - 11));
    expect(last - first).toBeLessThan(25);
  }
});

test('nothing goes because of a snapshot that is damaged in the archive, which is told', async () => {
  await pass(KEEP_DAYS * DAY_HOURS);
  const copy = await copyIn(store);
  for await (const { key } of copy.blobs.list('snapshots/objects/')) await copy.blobs.put(key, new Uint8Array(100));
  const good = last;
  let problem: string | undefined;
  while (((await copy.snapshots.list()).at(-3) ?? 0) < good + 3 * DAY_HOURS) {
    await pass(1);
    problem ??= archiver.snapshotProblem;
    const { first, snapshots } = await extentIn(store);
    if (first > 0) expect(snapshots[0]).toBeGreaterThan(good);
  }
  expect(problem).toMatch(
    /^more stays in the archive than is to be kept, because the snapshot of transaction \d+ there is damaged: /,
  );
  expect((await extentIn(store)).first).toBeGreaterThan(good);
});

test('other copies and other databases are left alone', async () => {
  const others = [
    `${identity}/archive-20990101T000000Z-00000000/log/00000000000000000000.piece`,
    `${identity}/archive-20990101T000000Z-00000000/snapshots/00000000000000000000.snapshot`,
    `${'d3'.repeat(32)}/archive-20990101T000000Z-00000000/log/00000000000000000000.piece`,
  ];
  for (const key of others) await store.put(key, Uint8Array.of(1));
  await pass(10 * DAY_HOURS);
  for (const key of others) expect(await store.get(key)).toEqual(Uint8Array.of(1));
  expect((await extentIn(store)).first).toBeGreaterThan(0);
});

test('killed before or after any of its operations, it leaves the window and no gap, and the next one goes on', async () => {
  // It had a window, then none, and has one again.
  await pass(6 * DAY_HOURS);
  archiver = archiverTo(store);
  await pass(5 * DAY_HOURS);
  const bases = new Set([(await extentIn(store)).snapshots[0]]);
  const state = await folder.folder.get('archive.json');
  const before: { readonly key: string; readonly modifiedAt: number; readonly bytes: Uint8Array }[] = [];
  for await (const { key, modifiedAt } of store.list('')) {
    before.push({ key, modifiedAt, bytes: (await store.get(key))! }); // it was listed
  }
  const now = hours;
  let lastDeletes = 0;
  let end: string | undefined;
  for (let at = 1; end === undefined; at++) {
    for (const kind of ['before', 'after'] as const) {
      await folder.folder.put('archive.json', state!); // a round wrote it
      const there = new MemoryBlobStore(() => hours * HOUR_MS);
      for (const { key, modifiedAt, bytes } of before) {
        hours = modifiedAt / HOUR_MS;
        await there.put(key, bytes);
      }
      hours = now;
      let operations = 0;
      const dying = new FaultyBlobStore(there, () => {
        operations++;
        if (operations < at) return undefined;
        return { kind: operations === at ? kind : 'before' };
      });
      const isKilled = await archiverTo(dying, KEEP_DAYS)
        .round(last, description)
        .then(
          () => false,
          (error: { code?: string }) => error.code === 'BLOB_UNAVAILABLE',
        );
      const { first, snapshots } = await extentIn(there);
      // Of what was not read back, nothing is what all depends on.
      const [dependedOn = -1] = snapshots.filter((txOffset) => txOffset + 1 >= first);
      expect(dependedOn).toBeLessThan(last - 52);
      const next = archiverTo(there, KEEP_DAYS);
      expect(await next.round(last, description)).toBeUndefined();
      const extent = JSON.stringify(await extentIn(there));
      const { first: begins, snapshots: left } = JSON.parse(extent) as Extent;
      expect(begins).toBeGreaterThan(bases.values().next().value!); // there is one
      bases.add(left[0]);
      expect(bases).toContain(dependedOn);
      expect(left[0]).toBeGreaterThanOrEqual(begins);
      expect(await (await copyIn(there)).snapshots.verify(left[0]!)).toEqual([]);
      if (!isKilled) end = extent;
      lastDeletes = before.length - (await collect(there.list(''))).length;
    }
  }
  expect(lastDeletes).toBeGreaterThan(50);
});
