import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import type { CommitLogError } from '../src/index.ts';
import { FOLDER, SEGMENT_0, appendRecords, reopenAndCount, steadyDisk } from './log-content.ts';

test.each(['write', 'datasync'] as const)(
  '[LOG-7] a failed %s ends the log, and all who wait learn of it',
  async (operation) => {
    const disk = steadyDisk();
    const log = await CommitLog.open(disk, FOLDER);
    const failures: CommitLogError[] = [];
    const durable: number[] = [];
    log.onFailure((error) => failures.push(error));
    log.onDurable((offset) => durable.push(offset));
    appendRecords(log, 2);
    await log.sync();

    disk.failAfter(operation, 0);
    appendRecords(log, 2);
    const waiting = log.sync();
    appendRecords(log, 1);
    const waitingLonger = log.sync();
    await expect(waiting).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await expect(waitingLonger).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(failures).toEqual([log.failure]);
    expect(failures[0]?.message).toContain(`${SEGMENT_0}: writing tx offset 2 failed: EIO`);
    expect(() => appendRecords(log, 1)).toThrow(expect.objectContaining({ code: 'LOG_WRITE_FAILED' }));
    await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(durable).toEqual([1]);
    expect(log.durableOffset).toBe(1);

    await log.close();
    disk.losePower();
    expect(await reopenAndCount(disk)).toBeGreaterThanOrEqual(2);
  },
);

test('[LOG-7] a listener that throws ends the log when the write that is under way has ended, too', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  for (let i = 0; i < 2; i++) {
    appendRecords(log, 1); // the segment, and its room
    await log.sync();
  }
  log.onDurable(() => {
    throw new Error('of the listener');
  });
  disk.failAfter('write', 1);
  appendRecords(log, 1);
  log.flush();
  appendRecords(log, 1);
  await expect(log.sync()).rejects.toMatchObject({ message: expect.stringContaining('EIO') as string });
  await log.close();
});

test('[LOG-7] a log that failed leaves its file as it is when it is closed', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 2);
  await log.sync();
  disk.failAfter('write', 1); // of the room for the commit, which then fails itself
  appendRecords(log, 3);
  await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  const left = disk.contentOf(SEGMENT_0);
  await log.close();
  expect(disk.contentOf(SEGMENT_0)).toEqual(left);
});

test('[LOG-8] what a failed sync left visible is made durable before anything is built on it', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 2);
  await log.sync();
  disk.failAfter('datasync', 1); // of the room for the commit, which then fails itself
  appendRecords(log, 3);
  await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });

  disk.killProgram();
  expect(await reopenAndCount(disk)).toBe(5);
  for (let i = 0; i < 5; i++) {
    disk.losePower();
    expect(await reopenAndCount(disk)).toBe(5);
  }
});

test('a full disk ends the log; with room again it opens with all that was durable, and goes on', async () => {
  const disk = steadyDisk();
  disk.capacityBytes = 2000;
  const log = await CommitLog.open(disk, FOLDER);
  let durable = 0;
  await expect(async () => {
    for (;;) {
      durable = log.nextTxOffset;
      appendRecords(log, 3);
      await log.sync();
    }
  }).rejects.toMatchObject({ code: 'LOG_DISK_FULL', cause: { code: 'ENOSPC' } });
  expect(log.durableOffset).toBe(durable - 1);
  await log.close();

  // Opening needs no room: it only cuts.
  expect(await reopenAndCount(disk)).toBe(durable);
  disk.capacityBytes = 20_000;
  await using again = await CommitLog.open(disk, FOLDER);
  appendRecords(again, 3);
  await again.sync();
  await again.close();
  expect(await reopenAndCount(disk)).toBe(durable + 3);
});

test.each(['rename', 'syncFolder'] as const)(
  'a failed %s for the next segment ends the log and takes nothing back',
  async (operation) => {
    const disk = steadyDisk();
    const log = await CommitLog.open(disk, FOLDER, { maxSegmentBytes: 100 });
    appendRecords(log, 20);
    await log.sync();
    disk.failAfter(operation, 0);
    appendRecords(log, 1);
    await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await log.close();
    disk.losePower();
    expect(await reopenAndCount(disk)).toBeGreaterThanOrEqual(20);
    expect((await disk.list(`${FOLDER}/clog`)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);

test.each(['list', 'open', 'read', 'write', 'datasync', 'truncate', 'rename', 'remove', 'syncFolder'] as const)(
  'a %s that fails leaves no file open that is not used any more',
  async (operation) => {
    const options = { maxSegmentBytes: 20_000 };
    for (let successes = 0, hasFailed = true; hasFailed; successes++) {
      const disk = steadyDisk();
      const before = await CommitLog.open(disk, FOLDER, options);
      await writeMuch(before);
      await before.close();
      disk.failAfter(operation, successes);
      hasFailed = false;
      const failed = (): void => void (hasFailed = true);
      const log = await CommitLog.open(disk, FOLDER, options).catch(failed);
      if (log !== undefined) {
        await log.replay(() => {}).catch(failed);
        await writeMuch(log).catch(failed);
        await log.removeBefore(100).catch(failed);
        await log.close().catch(failed);
      }
      expect(disk.openPaths, `after ${successes} that succeeded`).toEqual([]);
    }
  },
);

/** Several segments, with an index each. */
async function writeMuch(log: CommitLog): Promise<void> {
  for (let i = 0; i < 20; i++) {
    log.append(new Uint8Array(3000), 0, 3000);
    await log.sync();
  }
}

test('what could not be written at close is an error of close, and the lock is free', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  disk.failAfter('write', 0);
  appendRecords(log, 1);
  await expect(log.close()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  expect(await reopenAndCount(disk)).toBe(0);
});

test.each([
  '00000000000000000016.snapshot',
  '00000000000000000016.snapshot.invalid',
  '00000000000000000016.snapshot_dir', // of SpacetimeDB
])('[LOG-9] a log without transactions beside %s is refused, and nothing is changed', async (name) => {
  const disk = steadyDisk();
  disk.place(`${FOLDER}/snapshots/${name}`, new Uint8Array(0));
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({ code: 'LOG_MISSING' });
  disk.place(SEGMENT_0, Uint8Array.of(0x28, 0x64));
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({ code: 'LOG_MISSING' });
  expect(disk.contentOf(SEGMENT_0)).toEqual(Uint8Array.of(0x28, 0x64));
});
