import { MemoryBlobStore } from '@lightcone/blobs';
import { describe, expect, test } from 'vitest';
import { decodeContents, encodeContents } from '../../src/snapshots/snapshot-contents.ts';
import { anyModule } from '../support/any-module.ts';
import { LoggedDatabase } from '../support/logged-database.ts';
import {
  PEOPLE,
  firstTxOffset,
  flip,
  insertPeople,
  keysOf,
  manifestKey,
  restartedFrom,
  snapshotsOf,
  withSnapshot,
} from '../support/snapshotted-database.ts';

describe('a damaged snapshot', () => {
  test('is set aside, and the next older one is started from', async () => {
    await using logged = await withSnapshot();
    const older = logged.database.lastTxOffset;
    await insertPeople(logged, 'Dan');
    const newer = await logged.database.takeSnapshot();
    await insertPeople(logged, 'Eve');
    const before = await logged.dump();
    await logged.embedded.close();
    await flip(logged.blobs!, manifestKey(newer), 100);
    await logged.reopen();
    expect(logged.database.metrics().snapshots!.lastTxOffset).toBe(older);
    expect(await logged.dump()).toEqual(before);
    expect(await snapshotsOf(logged).list()).toEqual([older]);
    expect(logged.logs.join()).toContain(`the snapshot at ${newer} cannot be used: ${manifestKey(newer)}`);
  });

  test('without an older one gives way to the log, if that is whole', async () => {
    await using logged = await withSnapshot();
    const before = await logged.dump();
    await logged.embedded.close();
    for (const each of await keysOf(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    await logged.reopen();
    expect(await logged.dump()).toEqual(before);
    expect(await snapshotsOf(logged).list()).toEqual([]);
  });

  test('without an older one and without the beginning of the log is refused', async () => {
    const logged = await withSnapshot();
    await insertPeople(logged, 'Dan');
    await logged.database.takeSnapshot();
    await logged.embedded.close();
    for (const each of await keysOf(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    const refusal = { code: 'ENGINE_RECOVERY_FAILED', message: expect.stringContaining('No connected snapshot found, commitlog starts at') }; // prettier-ignore
    await expect(logged.reopen()).rejects.toMatchObject(refusal);
    await expect(logged.reopen()).rejects.toMatchObject(refusal);
  });

  test('is found before the log is removed for it: what it shares with the one before is written again', async () => {
    await using logged = await withSnapshot();
    await logged.restart(); // the pages that it starts from are those of the snapshot
    for (const each of await keysOf(logged.blobs!, 'objects/')) await flip(logged.blobs!, each, 0);
    await insertPeople(logged, 'Dan');
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
    const all = await keysOf(logged.blobs!, '');
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
    const manifest = (await logged.blobs!.get(manifestKey(offset)))!;
    await logged.blobs!.put(manifestKey(offset), manifest.slice(0, -1));
    await logged.reopen();
    expect(await logged.rows('person')).toEqual([]);
    expect(await snapshotsOf(logged).list()).toEqual([]);
    expect(await logged.blobs!.get(`${manifestKey(offset)}.invalid`)).toBeDefined();
  });

  test('is refused where the log is empty, and where it is of another database', async () => {
    const logged = await withSnapshot();
    const [offset] = await snapshotsOf(logged).list();
    await logged.embedded.close();
    const manifest = (await logged.blobs!.get(manifestKey(offset!)))!;
    manifest[20]! ^= 1; // of the identity
    manifest.set(new Uint8Array(await crypto.subtle.digest('SHA-256', manifest.slice(0, -32))), manifest.length - 32);
    await logged.blobs!.put(manifestKey(offset!), manifest);
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
  await insertPeople(logged, 'Dan');
  const newer = await logged.database.takeSnapshot();
  await insertPeople(logged, 'Eve');
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
