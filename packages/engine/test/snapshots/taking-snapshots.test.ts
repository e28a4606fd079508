import { MemoryBlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { anyModule, rowBytes } from '../support/any-module.ts';
import { LoggedDatabase } from '../support/logged-database.ts';
import { PEOPLE, insertPeople, snapshotsOf, withSnapshot } from '../support/snapshotted-database.ts';
import { PERSON } from '../support/tables.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Takes a snapshot. @returns bytes of all objects that are there then */
async function takenBytes(logged: LoggedDatabase): Promise<number> {
  await logged.database.takeSnapshot();
  let total = 0;
  for await (const { size } of logged.blobs!.list('objects/')) total += size; // it has a place for them
  return total;
}

describe('what a snapshot writes', () => {
  test('only pages that changed since the one before, also over a restart', async () => {
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, new MemoryBlobStore());
    await insertPeople(logged, ...Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(8000, 'x')));
    await logged.database.takeSnapshot();
    const first = logged.database.metrics().snapshots!.writtenBytes;
    expect(first).toBeGreaterThan(320_000);
    await logged.restart();
    await insertPeople(logged, 'Ann');
    await logged.database.takeSnapshot();
    const { writtenBytes } = logged.database.metrics().snapshots!;
    expect(writtenBytes).toBeGreaterThan(0);
    expect(writtenBytes).toBeLessThan(first / 2);
  });

  test('what is left in an object of which most is of no use any more, so that it can go', async () => {
    await using logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, new MemoryBlobStore());
    const rows = Array.from({ length: 40 }, (_, i) => ({ id: BigInt(i + 1), name: `${i}`.padEnd(8000, 'x') }));
    await logged.insert('person', PERSON, ...rows);
    const first = await takenBytes(logged);
    expect(first).toBeGreaterThan(320_000);
    await logged.delete('person', PERSON, ...rows.slice(0, 30));
    // The second of these does without it, and it goes with the last snapshot that needs it: two are kept.
    for (const name of ['Ann', 'Bob']) {
      expect(await takenBytes(logged)).toBeGreaterThan(first);
      await insertPeople(logged, name);
    }
    expect(await takenBytes(logged)).toBeLessThan(first / 2);
    await logged.restart();
    const names = (await logged.rows('person')).map(({ name }) => name);
    expect(names).toEqual([...rows.slice(30).map(({ name }) => name), 'Ann', 'Bob']);
  });

  test('nothing if nothing was committed since', async () => {
    await using logged = await withSnapshot();
    const { lastTxOffset, taken } = logged.database.metrics().snapshots!;
    expect(await logged.database.takeSnapshot()).toBe(lastTxOffset);
    expect(logged.database.metrics().snapshots!.taken).toBe(taken);
  });
});

describe('a snapshot', () => {
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
    for (let i = 0; i < 10; i++) await insertPeople(logged, `${i} ${'x'.repeat(1000)}`);
    logged.policy = { ...logged.policy, everyBytes: 10_000 };
    await logged.restart();
    expect(logged.database.metrics().snapshots).toMatchObject({ taken: 0, lastTxOffset: -1 });
    await insertPeople(logged, 'short');
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
    // It has all the time that it needs, also of the threads that hash its objects, and waits nevertheless.
    for (let turn = 0; turn < 100; turn++) await crypto.subtle.digest('SHA-256', new Uint8Array(1));
    expect(await snapshotsOf(logged).list()).toEqual(before);
    logged.disk.releaseSyncs();
    await called;
    expect(await taking).toBe(wanted);
    expect(await snapshotsOf(logged).list()).toContain(wanted);
  });

  test('is one at a time, and a second one that is asked for meanwhile has what was committed then', async () => {
    await using logged = await withSnapshot();
    await insertPeople(logged, 'Dan');
    const first = logged.database.takeSnapshot();
    await insertPeople(logged, 'Eve');
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
  await insertPeople(logged, 'x'.repeat(6000));
  await logged.restart();
  await insertPeople(logged, 'y'.repeat(6000));
  for (let i = 0; i < 5; i++) await insertPeople(logged, `${i}`);
  expect(await written.promise).toMatch(/^0+[1-9][0-9]?[.]snapshot$/);
  await logged.embedded.close();
});

test('a database that is closed gives up the snapshot that it is taking, and loses nothing', async () => {
  const gate = Promise.withResolvers<void>();
  let isSlow = false;
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) =>
    isSlow && operation === 'put' ? { kind: 'wait', until: gate.promise } : undefined,
  );
  await using logged = await withSnapshot(blobs);
  await insertPeople(logged, 'Dan');
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
