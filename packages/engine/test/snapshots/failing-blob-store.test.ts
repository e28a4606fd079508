import { MemoryBlobStore } from '@lightcone/blobs';
import { type BlobOperation, FaultyBlobStore } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { insertPeople, keysOf, restartedFrom, snapshotsOf, withSnapshot } from '../support/snapshotted-database.ts';

describe('a store of blobs that fails', () => {
  test('costs a snapshot, which the database survives and the next one makes good', async () => {
    let isDown = false;
    const blobs = new FaultyBlobStore(new MemoryBlobStore(), () => (isDown ? { kind: 'before' } : undefined));
    await using logged = await withSnapshot(blobs);
    await insertPeople(logged, 'Dan');
    isDown = true;
    await expect(logged.database.takeSnapshot()).rejects.toMatchObject({ code: 'ENGINE_SNAPSHOT_FAILED' });
    expect(logged.logs.join()).toContain('a snapshot could not be taken');
    await insertPeople(logged, 'Eve');
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
      await insertPeople(logged, `person ${i}`);
      expect(await logged.database.takeSnapshot()).toBe(logged.database.lastTxOffset);
    }
    expect(logged.logs.join()).toContain('old snapshots or log could not be removed');
    expect(logged.database.metrics().snapshots).toMatchObject({ taken: kept + 1, failed: 0 });
    expect(await snapshotsOf(logged).list()).toHaveLength(kept + 1);
    isReadOnly = false;
    await insertPeople(logged, 'Eve');
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
    const before = await keysOf(memory, '');
    await insertPeople(logged, 'Dan');
    isFull = true;
    await expect(logged.database.takeSnapshot()).rejects.toMatchObject({ code: 'ENGINE_SNAPSHOT_FAILED' });
    expect(await keysOf(memory, '')).toEqual(before);
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
      await insertPeople(logged, 'Dan');
      await logged.database.takeSnapshot();
      await insertPeople(logged, 'Eve');
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
