import type { BlobStore } from '@lightcone/blobs';
import { describe, expect, test } from 'vitest';
import {
  firstTxOffset,
  insertPeople,
  keysOf,
  manifestKey,
  restartedFrom,
  snapshotsOf,
  withSnapshot,
} from '../support/snapshotted-database.ts';

describe('what is kept', () => {
  test('as many snapshots as are to be kept, and the log since the oldest of them', async () => {
    await using logged = await withSnapshot();
    const first = logged.database.lastTxOffset;
    expect(await firstTxOffset(logged)).toBe(0); // there is one snapshot, and two are to be kept
    await insertPeople(logged, 'Dan');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(first + 1);
    await insertPeople(logged, 'Eve');
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
      await insertPeople(logged, name);
      await logged.database.takeSnapshot();
    }
    expect(await firstTxOffset(logged)).toBe(0);
    await logged.embedded.close();
  });

  test('what the archive does not have yet', async () => {
    await using logged = await withSnapshot();
    const first = logged.database.lastTxOffset;
    logged.archivedBefore = () => first; // not the last one
    await insertPeople(logged, 'Dan');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(0);
    logged.archivedBefore = () => first + 1;
    await insertPeople(logged, 'Eve');
    await logged.database.takeSnapshot();
    expect(await firstTxOffset(logged)).toBe(first + 1);
  });
});

describe('a snapshot of a later version, as after a downgrade', () => {
  /** Makes the manifest say so, with a checksum that is right. */
  async function makeLater(blobs: BlobStore, offset: number): Promise<void> {
    const manifest = (await blobs.get(manifestKey(offset)))!;
    manifest[8] = 2;
    manifest.set(new Uint8Array(await crypto.subtle.digest('SHA-256', manifest.slice(0, -32))), manifest.length - 32);
    await blobs.put(manifestKey(offset), manifest);
  }

  test('is passed over and stays, with its objects, until there are newer ones enough; no log goes for it', async () => {
    await using logged = await withSnapshot();
    const blobs = logged.blobs!;
    const first = logged.database.lastTxOffset;
    await insertPeople(logged, 'Dan');
    const later = await logged.database.takeSnapshot();
    await makeLater(blobs, later);
    const objects = await keysOf(blobs, 'objects/');
    const logBegins = await firstTxOffset(logged);
    expect(logBegins).toBe(first + 1);

    expect(await restartedFrom(logged)).toBe(first);
    await insertPeople(logged, 'Eve');
    const own = await logged.database.takeSnapshot();
    // The first one counts as one of the two that are kept; the later one does not.
    expect(await snapshotsOf(logged).list()).toEqual([first, later, own]);
    expect(await keysOf(blobs, 'objects/')).toEqual(expect.arrayContaining(objects));
    expect(await firstTxOffset(logged)).toBe(logBegins);
    expect(await blobs.get(`${manifestKey(later)}.invalid`)).toBeUndefined();
    expect(logged.logs.join()).toContain('old snapshots or log could not be removed');

    await insertPeople(logged, 'Fay');
    const newest = await logged.database.takeSnapshot();
    expect(await snapshotsOf(logged).list()).toEqual([own, newest]);
    expect(await firstTxOffset(logged)).toBe(own + 1);
    const before = await logged.dump();
    expect(await restartedFrom(logged)).toBe(newest);
    expect(await logged.dump()).toEqual(before);
  });
});
