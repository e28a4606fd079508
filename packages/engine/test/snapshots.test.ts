import { type BlobStore, MemoryBlobStore } from '@lightcone/blobs';
import { type BlobOperation, FaultyBlobStore } from '@lightcone/blobs/testing';
import { SnapshotStore } from '@lightcone/commitlog';
import { describe, expect, test } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { anyModule, rowBytes } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { decodeContents, encodeContents } from '../src/snapshots/snapshot-contents.ts';
import { AUTO_KEYED, PERSON, people, tables } from './support/tables.ts';
import { ITEM, viewsModule } from './support/views-module.ts';

const PEOPLE = people(AUTO_KEYED);
const NEVER = Number.POSITIVE_INFINITY;

/** A database with three people in it and a snapshot of them. */
async function withSnapshot(blobs: BlobStore = new MemoryBlobStore()): Promise<LoggedDatabase> {
  const logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, blobs);
  await insert(logged, 'Ann', 'Bob', 'Cid');
  await logged.database.takeSnapshot();
  return logged;
}

function insert(logged: LoggedDatabase, ...names: readonly string[]): Promise<void> {
  return logged.insert('person', PERSON, ...names.map((name) => ({ id: 0n, name })));
}

function snapshotsOf({ blobs }: LoggedDatabase): SnapshotStore {
  return new SnapshotStore(blobs!); // every test of this file has them
}

/** Counts what is read of the log when the database is opened again. */
async function restartedFrom(logged: LoggedDatabase): Promise<number> {
  await logged.restart();
  return logged.database.metrics().snapshots!.lastTxOffset;
}

describe('a start from a snapshot', () => {
  test('gives what was there, and what the log has after it', async () => {
    await using logged = await withSnapshot();
    const offset = logged.database.lastTxOffset;
    await insert(logged, 'Dan');
    await logged.delete('person', PERSON, { id: 1n, name: 'Ann' });
    const before = await logged.dump();
    expect(await restartedFrom(logged)).toBe(offset);
    expect(await logged.dump()).toEqual(before);
    // The sequence goes on behind the block that it was in.
    await insert(logged, 'Eve');
    expect(await logged.rows('person')).toContainEqual({ id: 4097n, name: 'Eve' });
  });

  test('has the tables of the module as they were when it was taken, and migrations after it', async () => {
    await using logged = await withSnapshot();
    await logged.publish(
      anyModule({ ...tables([{ name: 'person', ...AUTO_KEYED, indexes: [...(AUTO_KEYED.indexes ?? []), btree(1)] }, PERSON], [{ name: 'pet' }, PERSON]), version: '2' }), // prettier-ignore
    );
    await logged.insert('pet', PERSON, { id: 9n, name: 'Rex' });
    const before = await logged.dump();
    await restartedFrom(logged);
    expect(await logged.dump()).toEqual(before);

    await logged.database.takeSnapshot();
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
    expect(await logged.dump()).toEqual(before);
    await logged.publish(anyModule({ ...PEOPLE, version: '3' }), { mayBreakClients: true }).catch(() => {});
    await logged.delete('pet', PERSON, { id: 9n, name: 'Rex' });
    await logged.publish(anyModule({ ...PEOPLE, version: '3' }));
    const without = await logged.dump();
    await restartedFrom(logged);
    expect(await logged.dump()).toEqual(without);
  });

  test('a row that is larger than an object comes back: the program, which is in one', async () => {
    const program = new Uint8Array(5_000_000);
    const module = anyModule(PEOPLE);
    // A custom section, which nobody looks at, of what is left.
    const size = program.length - module.length - 5;
    program.set([...module, 0, ...[0, 7, 14, 21].map((bits) => ((size >>> bits) & 127) | (bits < 21 ? 128 : 0))]);
    await using logged = await LoggedDatabase.create(program, undefined, new MemoryBlobStore());
    await insert(logged, 'Ann');
    await logged.database.takeSnapshot();
    expect(logged.database.metrics().snapshots!.writtenBytes).toBeGreaterThan(program.length);
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
    expect(await logged.rows('person')).toEqual([{ id: 1n, name: 'Ann' }]);
    expect(logged.database.update(program, false)).toBe(logged.database.lastTxOffset);

    await insert(logged, 'Bob');
    await logged.database.takeSnapshot();
    expect(logged.database.metrics().snapshots!.writtenBytes).toBeLessThan(100_000);
  });

  test('events are in no snapshot', async () => {
    const module = anyModule(tables([{ name: 'person', isEvent: true }, PERSON]));
    await using logged = await LoggedDatabase.create(module, undefined, new MemoryBlobStore());
    await logged.insert('person', PERSON, { id: 1n, name: 'Ann' });
    await logged.database.takeSnapshot();
    await restartedFrom(logged);
    expect(await logged.rows('person')).toEqual([]);
    await logged.insert('person', PERSON, { id: 1n, name: 'Ann' });
  });

  test('rows of views are in no snapshot, and there again when somebody asks', async () => {
    const rows = async (logged: LoggedDatabase): Promise<unknown> => logged.rows('at_most_one_item');
    await using logged = await LoggedDatabase.create(
      viewsModule({ views: ['at_most_one_item', 'answered'] }),
      undefined,
      new MemoryBlobStore(),
    );
    await logged.insert('item', ITEM, { id: 1, name: 'one' });
    const before = await rows(logged);
    await logged.database.takeSnapshot();
    const reader = await snapshotsOf(logged).open((await snapshotsOf(logged).list())[0]!);
    const tables = decodeContents(reader.manifest).map(({ id }) => id);
    const views = (await logged.rows('st_view')).map(({ table_id: id }) => (id as { value: number }).value);
    expect(views).toHaveLength(2);
    expect(tables.filter((id) => views.includes(id))).toEqual([]);
    await restartedFrom(logged);
    expect(await rows(logged)).toEqual(before);
  });

  test('a chain of snapshots, each with some changes, over restarts', async () => {
    await using logged = await withSnapshot();
    for (let round = 0; round < 12; round++) {
      await insert(logged, `round ${round}`);
      if (round % 3 > 0) await logged.database.takeSnapshot();
      const before = await logged.dump();
      if (round % 2 === 0) await logged.restart();
      expect(await logged.dump()).toEqual(before);
    }
    expect(await snapshotsOf(logged).list()).toHaveLength(2);
  });
});

describe('what a snapshot writes', () => {
  test('only pages that changed since the one before, also over a restart', async () => {
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, new MemoryBlobStore());
    await insert(logged, ...Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(8000, 'x')));
    await logged.database.takeSnapshot();
    const first = logged.database.metrics().snapshots!.writtenBytes;
    expect(first).toBeGreaterThan(320_000);
    await logged.restart();
    await insert(logged, 'Ann');
    await logged.database.takeSnapshot();
    const { writtenBytes } = logged.database.metrics().snapshots!;
    expect(writtenBytes).toBeGreaterThan(0);
    expect(writtenBytes).toBeLessThan(first / 2);
  });

  test('nothing if nothing was committed since', async () => {
    await using logged = await withSnapshot();
    const { lastTxOffset, taken } = logged.database.metrics().snapshots!;
    expect(await logged.database.takeSnapshot()).toBe(lastTxOffset);
    expect(logged.database.metrics().snapshots!.taken).toBe(taken);
  });

  test('is tried when it is due, and not again before the next one is, whether it came about or not', async () => {
    let isFull = false;
    const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) =>
      isFull && operation === 'put' ? { kind: 'before' } : undefined,
    );
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, blobs);
    logged.policy = { ...logged.policy, everyTransactions: 10 };
    await logged.restart();
    const session = await logged.connect('owner');
    const upTo = async (txOffset: number, tries: object): Promise<void> => {
      while (logged.database.lastTxOffset < txOffset) {
        const row = { id: 0n, name: `after ${logged.database.lastTxOffset}` };
        await session.call('insert_row', 'person', rowBytes(PERSON, row));
      }
      await expect.poll(() => logged.database.metrics().snapshots).toMatchObject(tries);
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(logged.database.metrics().snapshots).toMatchObject(tries);
    };
    await upTo(8, { taken: 0, failed: 0 });
    await upTo(9, { taken: 1, failed: 0 });
    await upTo(18, { taken: 1, failed: 0 });
    isFull = true;
    await upTo(19, { taken: 1, failed: 1 });
    await upTo(28, { taken: 1, failed: 1 });
    isFull = false;
    await upTo(29, { taken: 2, failed: 1 });
  });

  test('is due by what was replayed, too, with the first transaction after a start', async () => {
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, new MemoryBlobStore());
    logged.policy = { ...logged.policy, everyTransactions: NEVER, everyBytes: NEVER };
    await logged.restart();
    for (let i = 0; i < 10; i++) await insert(logged, `${i} ${'x'.repeat(1000)}`);
    logged.policy = { ...logged.policy, everyBytes: 10_000 };
    await logged.restart();
    expect(logged.database.metrics().snapshots).toMatchObject({ taken: 0, lastTxOffset: -1 });
    await insert(logged, 'short');
    await expect.poll(() => logged.database.metrics().snapshots).toMatchObject({ taken: 1 });
  });

  test('is there only when the log has its last transaction on the disk', async () => {
    await using logged = await withSnapshot();
    const session = await logged.connect('owner');
    const before = await snapshotsOf(logged).list();
    const wanted = logged.database.lastTxOffset + 1;
    logged.disk.holdSyncs();
    const called = session.call('insert_row', 'person', rowBytes(PERSON, { id: 0n, name: 'Dan' }));
    await expect.poll(() => logged.database.lastTxOffset).toBe(wanted);
    const taking = logged.database.takeSnapshot();
    // It has all the time that it needs, and waits nevertheless.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(await snapshotsOf(logged).list()).toEqual(before);
    logged.disk.releaseSyncs();
    await called;
    expect(await taking).toBe(wanted);
    expect(await snapshotsOf(logged).list()).toContain(wanted);
  });

  test('is one at a time, and a second one that is asked for meanwhile has what was committed then', async () => {
    await using logged = await withSnapshot();
    await insert(logged, 'Dan');
    const first = logged.database.takeSnapshot();
    await insert(logged, 'Eve');
    const second = logged.database.takeSnapshot();
    const wanted = logged.database.lastTxOffset;
    expect(await second).toBeGreaterThanOrEqual(wanted);
    await first;
  });
});

test.each([
  { what: 'transactions', policy: { everyTransactions: 5 } },
  { what: 'bytes of log, those before a restart included', policy: { everyBytes: 10_000 } },
])('a snapshot is taken after so many $what', async ({ policy }) => {
  const written = Promise.withResolvers<string>();
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation, blob) => {
    if (operation === 'put' && blob.endsWith('.snapshot')) written.resolve(blob);
    return undefined;
  });
  const logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, blobs);
  logged.policy = { ...logged.policy, everyTransactions: NEVER, everyBytes: NEVER, ...policy };
  await insert(logged, 'x'.repeat(6000));
  await logged.restart();
  await insert(logged, 'y'.repeat(6000));
  for (let i = 0; i < 5; i++) await insert(logged, `${i}`);
  expect(await written.promise).toMatch(/^0+[1-9][0-9]?[.]snapshot$/);
  await logged.embedded.close();
});

describe('what is kept', () => {
  test('as many snapshots as are to be kept, and the log since the oldest of them', async () => {
    await using logged = await withSnapshot();
    const first = logged.database.lastTxOffset;
    expect(await firstTxOffset(logged)).toBe(0); // there is one snapshot, and two are to be kept
    await insert(logged, 'Dan');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(first + 1);
    await insert(logged, 'Eve');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBeGreaterThan(first + 1);
    expect(await snapshotsOf(logged).list()).toHaveLength(2);
    const before = await logged.dump();
    await logged.restart();
    expect(await logged.dump()).toEqual(before);
  });

  test('the whole log, if the policy says so', async () => {
    const logged = await withSnapshot();
    logged.policy = { ...logged.policy, keepsWholeLog: true };
    await logged.restart();
    for (const name of ['Dan', 'Eve', 'Fay']) {
      await insert(logged, name);
      await logged.database.takeSnapshot();
    }
    expect(await firstTxOffset(logged)).toBe(0);
    await logged.embedded.close();
  });

  test('what the archive does not have yet', async () => {
    await using logged = await withSnapshot();
    const first = logged.database.lastTxOffset;
    logged.archivedBefore = () => first; // not the last one
    await insert(logged, 'Dan');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(0);
    logged.archivedBefore = () => first + 1;
    await insert(logged, 'Eve');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(first + 1);
  });
});

describe('a damaged snapshot', () => {
  test('is set aside, and the next older one is started from', async () => {
    await using logged = await withSnapshot();
    const older = logged.database.lastTxOffset;
    await insert(logged, 'Dan');
    const newer = await logged.database.takeSnapshot();
    await insert(logged, 'Eve');
    const before = await logged.dump();
    await logged.embedded.close();
    await flip(logged.blobs!, key(newer), 100);
    await logged.reopen();
    expect(logged.database.metrics().snapshots!.lastTxOffset).toBe(older);
    expect(await logged.dump()).toEqual(before);
    expect(await snapshotsOf(logged).list()).toEqual([older]);
    expect(logged.logs.join()).toContain(`the snapshot at ${newer} cannot be used: ${key(newer)}`);
  });

  test('without an older one gives way to the log, if that is whole', async () => {
    await using logged = await withSnapshot();
    const before = await logged.dump();
    await logged.embedded.close();
    for (const each of await keys(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    await logged.reopen();
    expect(await logged.dump()).toEqual(before);
    expect(await snapshotsOf(logged).list()).toEqual([]);
  });

  test('without an older one and without the beginning of the log is refused', async () => {
    const logged = await withSnapshot();
    await insert(logged, 'Dan');
    await logged.database.takeSnapshot();
    await logged.embedded.close();
    for (const each of await keys(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    const refusal = { code: 'ENGINE_RECOVERY_FAILED', message: expect.stringContaining('No connected snapshot found, commitlog starts at') }; // prettier-ignore
    await expect(logged.reopen()).rejects.toMatchObject(refusal);
    await expect(logged.reopen()).rejects.toMatchObject(refusal);
  });

  test('is found before the log is removed for it: what it shares with the one before is written again', async () => {
    await using logged = await withSnapshot();
    await logged.restart(); // the pages that it starts from are those of the snapshot
    for (const each of await keys(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    await insert(logged, 'Dan');
    const newer = await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(0);
    expect(await snapshotsOf(logged).list()).toEqual([newer]);
    expect(await snapshotsOf(logged).verify(newer)).toEqual([]);
    expect(logged.logs.join()).toContain('is damaged and was set aside');
    const before = await logged.dump();
    await logged.restart();
    expect(await logged.dump()).toEqual(before);
  });

  test('with any bit flipped, or any object missing, costs nothing but the snapshot', async () => {
    await using logged = await withSnapshot();
    const before = await logged.dump();
    await logged.embedded.close();
    const all = await keys(logged.blobs!, '');
    const good = new Map<string, Uint8Array>();
    for (const each of all) good.set(each, (await logged.blobs!.get(each))!);
    expect(good.size).toBeGreaterThan(1);
    for (const [each, bytes] of good) {
      const step = Math.max(1, Math.floor(bytes.length / 7));
      for (let at = 0; at <= bytes.length; at += step) {
        const blobs = new MemoryBlobStore();
        for (const [other, content] of good) await blobs.put(other, content);
        if (at < bytes.length) await flip(blobs, each, at);
        else await blobs.delete(each);
        logged.blobs = blobs;
        await logged.reopen();
        expect(logged.database.metrics().snapshots!.lastTxOffset).toBe(-1);
        expect(await logged.dump()).toEqual(before);
        await logged.embedded.close();
      }
    }
    await logged.reopen();
  });
});

describe('a snapshot that does not fit its log', () => {
  test('is refused where it is newer: what was on the disk when it was taken is missing', async () => {
    const other = await withSnapshot();
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, new MemoryBlobStore());
    const offset = await other.database.takeSnapshot();
    await snapshotsOf(other).copyTo(snapshotsOf(logged), offset);
    await other.embedded.close();
    const refusal = { code: 'ENGINE_RECOVERY_FAILED', message: expect.stringContaining('--salvage') as string };
    await expect(logged.restart()).rejects.toMatchObject(refusal);
    expect(await snapshotsOf(logged).list()).toEqual([offset]);
    // One that nobody can read says nothing about the log.
    const manifest = (await logged.blobs!.get(key(offset)))!;
    await logged.blobs!.put(key(offset), manifest.slice(0, -1));
    await logged.reopen();
    expect(await logged.rows('person')).toEqual([]);
    expect(await snapshotsOf(logged).list()).toEqual([]);
    expect(await logged.blobs!.get(`${key(offset)}.invalid`)).toBeDefined();
  });

  test('is refused where the log is empty, and where it is of another database', async () => {
    const logged = await withSnapshot();
    const [offset] = await snapshotsOf(logged).list();
    await logged.embedded.close();
    const manifest = (await logged.blobs!.get(key(offset!)))!;
    manifest[20]! ^= 1; // of the identity
    manifest.set(new Uint8Array(await crypto.subtle.digest('SHA-256', manifest.slice(0, -32))), manifest.length - 32);
    await logged.blobs!.put(key(offset!), manifest);
    const mixedUp = { code: 'ENGINE_RECOVERY_FAILED', message: expect.stringContaining('the files of two databases are mixed up') }; // prettier-ignore
    await expect(logged.reopen()).rejects.toMatchObject(mixedUp);
    expect(await snapshotsOf(logged).list()).toEqual([offset]);

    for (const name of await logged.disk.list('log/clog')) await logged.disk.remove(`log/clog/${name}`);
    await expect(logged.reopen()).rejects.toMatchObject({
      code: 'ENGINE_RECOVERY_FAILED',
      message: expect.stringContaining('the log has no transactions, though there is a snapshot'),
    });
    expect(await snapshotsOf(logged).list()).toEqual([offset]);
  });
});

test.each([
  { problem: 'is there twice', forge: (id: number) => id },
  { problem: 'its system tables do not know', forge: () => 9999 },
])('a snapshot, whole by its checksums, with a table that $problem is set aside', async ({ problem, forge }) => {
  await using logged = await withSnapshot();
  const before = await logged.dump();
  const store = snapshotsOf(logged);
  const [offset] = (await store.list()) as [number];
  const { manifest } = await store.open(offset);
  const tables = decodeContents(manifest);
  const person = tables.findLast(({ pages }) => pages.length > 0)!; // there are people
  const forged = encodeContents([...tables, { ...person, id: forge(person.id) }]);
  await (await store.write(manifest.objects)).finish({ ...manifest, ...forged });
  expect(await restartedFrom(logged)).toBe(-1);
  expect(logged.logs.join()).toContain(`id ${forge(person.id)}, that ${problem}`);
  expect(await logged.dump()).toEqual(before);
  expect(await store.list()).toEqual([]);
});

test('damage of the log behind a snapshot is none of the snapshot, which stays', async () => {
  const logged = await withSnapshot();
  const older = logged.database.lastTxOffset;
  await insert(logged, 'Dan');
  const newer = await logged.database.takeSnapshot();
  await insert(logged, 'Eve');
  await logged.embedded.close();
  await snapshotsOf(logged).remove(newer);
  const [segment] = (await logged.disk.list('log/clog')).filter((name) => name.endsWith('.stdb.log')).toSorted();
  logged.disk.flipBit(`log/clog/${segment}`, 50 * 8);
  await expect(logged.reopen()).rejects.toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining(`${segment}, byte 10, tx offset ${older + 1}: `) as string,
  });
  expect(await snapshotsOf(logged).list()).toEqual([older]);
  expect(logged.logs.join()).not.toContain('cannot be used');
});

describe('a snapshot of a later version, as after a downgrade', () => {
  /** Makes the manifest say so, with a checksum that is right. */
  async function makeLater(blobs: BlobStore, offset: number): Promise<void> {
    const manifest = (await blobs.get(key(offset)))!;
    manifest[8] = 2;
    manifest.set(new Uint8Array(await crypto.subtle.digest('SHA-256', manifest.slice(0, -32))), manifest.length - 32);
    await blobs.put(key(offset), manifest);
  }

  test('is passed over and stays, with its objects, until there are newer ones enough; no log goes for it', async () => {
    await using logged = await withSnapshot();
    const blobs = logged.blobs!;
    const first = logged.database.lastTxOffset;
    await insert(logged, 'Dan');
    const later = await logged.database.takeSnapshot();
    await makeLater(blobs, later);
    const objects = await keys(blobs, 'objects/');
    const logBegins = await firstTxOffset(logged);
    expect(logBegins).toBe(first + 1);

    expect(await restartedFrom(logged)).toBe(first);
    await insert(logged, 'Eve');
    const own = await logged.database.takeSnapshot();
    // The first one counts as one of the two that are kept; the later one does not.
    expect(await snapshotsOf(logged).list()).toEqual([first, later, own]);
    expect(await keys(blobs, 'objects/')).toEqual(expect.arrayContaining(objects));
    expect(await firstTxOffset(logged)).toBe(logBegins);
    expect(await blobs.get(`${key(later)}.invalid`)).toBeUndefined();
    expect(logged.logs.join()).toContain('old snapshots or log could not be removed');

    await insert(logged, 'Fay');
    const newest = await logged.database.takeSnapshot();
    expect(await snapshotsOf(logged).list()).toEqual([own, newest]);
    expect(await firstTxOffset(logged)).toBe(own + 1);
    const before = await logged.dump();
    expect(await restartedFrom(logged)).toBe(newest);
    expect(await logged.dump()).toEqual(before);
  });
});

describe('a store of blobs that fails', () => {
  test('costs a snapshot, which the database survives and the next one makes good', async () => {
    let isDown = false;
    const blobs = new FaultyBlobStore(new MemoryBlobStore(), () => (isDown ? { kind: 'before' } : undefined));
    await using logged = await withSnapshot(blobs);
    await insert(logged, 'Dan');
    isDown = true;
    await expect(logged.database.takeSnapshot()).rejects.toMatchObject({ code: 'ENGINE_SNAPSHOT_FAILED' });
    expect(logged.logs.join()).toContain('a snapshot could not be taken');
    await insert(logged, 'Eve');
    isDown = false;
    const before = await logged.dump();
    expect(await logged.database.takeSnapshot()).toBe(logged.database.lastTxOffset);
    await logged.restart();
    expect(await logged.dump()).toEqual(before);
  });

  test('when old ones are to be removed leaves the new one as it is, and they go with the next', async () => {
    let isReadOnly = false;
    const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) =>
      isReadOnly && operation === 'delete' ? { kind: 'before' } : undefined,
    );
    await using logged = await withSnapshot(blobs);
    const { kept } = logged.policy;
    isReadOnly = true;
    for (let i = 0; i < kept; i++) {
      await insert(logged, `person ${i}`);
      expect(await logged.database.takeSnapshot()).toBe(logged.database.lastTxOffset);
    }
    expect(logged.logs.join()).toContain('old snapshots or log could not be removed');
    expect(logged.database.metrics().snapshots).toMatchObject({ taken: kept + 1, failed: 0 });
    expect(await snapshotsOf(logged).list()).toHaveLength(kept + 1);
    isReadOnly = false;
    await insert(logged, 'Eve');
    await logged.database.takeSnapshot();
    expect(await snapshotsOf(logged).list()).toHaveLength(kept);
  });

  test('keeps nothing of a snapshot whose manifest it did not take', async () => {
    let isFull = false;
    const memory = new MemoryBlobStore();
    const blobs = new FaultyBlobStore(memory, (operation, each) =>
      isFull && operation === 'put' && each.endsWith('.snapshot') ? { kind: 'before' } : undefined,
    );
    await using logged = await withSnapshot(blobs);
    const keys = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key: each } of memory.list('')) found.push(each);
      return found;
    };
    const before = await keys();
    await insert(logged, 'Dan');
    isFull = true;
    await expect(logged.database.takeSnapshot()).rejects.toMatchObject({ code: 'ENGINE_SNAPSHOT_FAILED' });
    expect(await keys()).toEqual(before);
  });

  test('when it is started from does not set good snapshots aside', async () => {
    let isDown = false;
    const blobs = new FaultyBlobStore(new MemoryBlobStore(), (_: BlobOperation, each) =>
      isDown && each.startsWith('objects/') ? { kind: 'before' } : undefined,
    );
    await using logged = await withSnapshot(blobs);
    const before = await logged.dump();
    isDown = true;
    expect(await restartedFrom(logged)).toBe(-1);
    expect(await logged.dump()).toEqual(before);
    isDown = false;
    expect(await snapshotsOf(logged).list()).toHaveLength(1);
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
  });

  test('nor does memory that is used up', async () => {
    const memory = new MemoryBlobStore();
    await using logged = await withSnapshot(memory);
    const before = await logged.dump();
    const exhausted = new FaultyBlobStore(memory, (_: BlobOperation, each) => {
      if (each.startsWith('objects/')) throw new RangeError('Array buffer allocation failed');
      return undefined;
    });
    logged.blobs = exhausted;
    expect(await restartedFrom(logged)).toBe(-1);
    expect(await logged.dump()).toEqual(before);
    logged.blobs = memory;
    expect(await snapshotsOf(logged).list()).toHaveLength(1);
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
  });

  test.each(['before', 'after'] as const)('and a crash %s any operation of a snapshot loses nothing', async (kind) => {
    for (let lastOperation = 0; ; lastOperation++) {
      const blobs = new MemoryBlobStore();
      const logged = await withSnapshot(blobs);
      await insert(logged, 'Dan');
      await logged.database.takeSnapshot();
      await insert(logged, 'Eve');
      const before = await logged.dump();
      let operations = Number.NEGATIVE_INFINITY;
      logged.blobs = new FaultyBlobStore(blobs, () => {
        operations++;
        if (operations <= lastOperation) return undefined;
        return { kind: operations === lastOperation + 1 ? kind : 'before' };
      });
      await logged.restart();
      operations = 0;
      await logged.database.takeSnapshot().catch(() => {}); // a removal that fails is none of its failures
      const isDone = operations <= lastOperation;
      logged.disk.losePower();
      logged.blobs = blobs;
      await logged.reopen();
      expect(await logged.dump()).toEqual(before);
      await logged.embedded.close();
      if (!isDone) continue;
      expect(lastOperation).toBeGreaterThan(8);
      break;
    }
  });
});

test('a database that is closed gives up the snapshot that it is taking, and loses nothing', async () => {
  const gate = Promise.withResolvers<void>();
  let isSlow = false;
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) =>
    isSlow && operation === 'put' ? { kind: 'wait', until: gate.promise } : undefined,
  );
  await using logged = await withSnapshot(blobs);
  await insert(logged, 'Dan');
  const before = await logged.dump();
  isSlow = true;
  const taking = logged.database.takeSnapshot().catch((error: unknown) => error);
  const closing = logged.embedded.close();
  gate.resolve();
  await closing;
  expect(await taking).toMatchObject({ code: 'ENGINE_SNAPSHOT_FAILED' });
  isSlow = false;
  await logged.reopen();
  expect(await logged.dump()).toEqual(before);
  expect(logged.logs.join()).not.toContain('could not be taken');
});

async function firstTxOffset(logged: LoggedDatabase): Promise<number> {
  const names = await logged.disk.list('log/clog');
  return Math.min(...names.filter((name) => name.endsWith('.stdb.log')).map((name) => Number(name.slice(0, 20))));
}

function key(offset: number): string {
  return `${String(offset).padStart(20, '0')}.snapshot`;
}

async function flip(blobs: BlobStore, blob: string, at: number): Promise<void> {
  const bytes = (await blobs.get(blob))!;
  bytes[at]! ^= 1;
  await blobs.put(blob, bytes);
}

async function keys(blobs: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const blob of blobs.list(prefix)) found.push(blob.key);
  return found;
}
