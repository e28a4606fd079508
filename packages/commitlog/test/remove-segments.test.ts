import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/simulated-disk.ts';
import { FOLDER, appendRecords, countRecords, reopenAndCount, segmentPaths, steadyDisk } from './log-content.ts';

/** A log with segments that begin at 0, 3 and 5, and the offset 6 next. */
async function threeSegments() {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  for (const count of [3, 2, 1]) {
    appendRecords(log, count);
    log.beginSegment();
  }
  await log.sync();
  return { disk, log };
}

test('the next record begins a segment when it is told to, also among records that wait for one write', async () => {
  const { disk, log } = await threeSegments();
  expect(await segmentPaths(disk)).toEqual([0, 3, 5].map((offset) => `${FOLDER}/clog/${padded(offset)}.stdb.log`));
  log.beginSegment();
  log.beginSegment();
  appendRecords(log, 2);
  await log.sync();
  appendRecords(log, 2);
  await log.sync();
  await log.close();
  expect((await segmentPaths(disk)).at(-1)).toContain(padded(6));
  expect(await segmentPaths(disk)).toHaveLength(4);
  expect(await reopenAndCount(disk)).toBe(10);
});

test.each([
  { before: 0, first: 0 },
  { before: 2, first: 0 },
  { before: 3, first: 3 },
  { before: 4, first: 3 },
  { before: 5, first: 5 },
  { before: 6, first: 5 },
  { before: 1_000_000, first: 5 },
])('[LOG-10] what ends before $before is removed, and the log begins with $first', async ({ before, first }) => {
  const { disk, log } = await threeSegments();
  expect(log.firstTxOffset).toBe(0);
  expect(await log.removeBefore(before)).toBe(first);
  expect(log.firstTxOffset).toBe(first);
  expect(await countRecords(log, 20, first)).toBe(6);
  appendRecords(log, 1);
  await log.close();

  await using reopened = await CommitLog.open(disk, FOLDER);
  expect(reopened.firstTxOffset).toBe(first);
  expect(await countRecords(reopened, 20, first)).toBe(7);
  const names = await disk.list(`${FOLDER}/clog`);
  expect(names.filter((name) => Number(name.slice(0, 20)) < first)).toEqual([]);
});

test('what was removed is missed by whoever asks for it', async () => {
  const { log } = await threeSegments();
  await log.removeBefore(3);
  await expect(log.replay(() => {})).rejects.toMatchObject({ code: 'LOG_MISSING' });
  await log.close();
});

test('a removal that fails is told, and the log goes on', async () => {
  const { disk, log } = await threeSegments();
  disk.failAfter('syncFolder', 0);
  await expect(log.removeBefore(5)).rejects.toMatchObject({ code: 'LOG_REMOVAL_FAILED' });
  await log.close();
  disk.losePower();
  await using reopened = await CommitLog.open(disk, FOLDER);
  appendRecords(reopened, 1);
  await reopened.sync();
  expect(await countRecords(reopened, 20, reopened.firstTxOffset)).toBe(7);
});

test('[LOG-10] a segment that is being begun does not let the one before it go', async () => {
  const disk = new WatchedDisk(seededRandom(1));
  await using log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 3);
  await log.sync();
  log.beginSegment();
  appendRecords(log, 1);
  const gate = Promise.withResolvers<void>();
  disk.heldFolderSync = gate.promise;
  const synced = log.sync();
  await disk.folderSyncBegun.promise;
  expect(await segmentPaths(disk)).toHaveLength(2);
  expect(await log.removeBefore(4)).toBe(0);
  gate.resolve();
  await synced;
  expect(await log.removeBefore(4)).toBe(3);
});

test('[LOG-10] each segment is gone from the disk before the next one goes', async () => {
  const disk = new WatchedDisk(seededRandom(1));
  await using log = await CommitLog.open(disk, FOLDER);
  for (const count of [3, 2, 1, 1]) {
    appendRecords(log, count);
    log.beginSegment();
  }
  await log.sync();
  disk.steps.length = 0;
  expect(await log.removeBefore(6)).toBe(6);
  expect(disk.steps).toEqual(['remove 0', 'sync', 'remove 3', 'sync', 'remove 5', 'sync']);
});

/** Tells which segments are removed and when their folder is synced, and holds one such sync if it is to. */
class WatchedDisk extends SimulatedDisk {
  readonly steps: string[] = [];
  readonly folderSyncBegun = Promise.withResolvers<void>();
  heldFolderSync: Promise<void> | undefined;

  override async syncFolder(folder: string): Promise<void> {
    const held = this.heldFolderSync;
    this.heldFolderSync = undefined;
    if (held !== undefined) {
      this.folderSyncBegun.resolve();
      await held;
    }
    this.steps.push('sync');
    await super.syncFolder(folder);
  }

  override remove(path: string): Promise<void> {
    const [, segment] = /(\d{20})\.stdb\.log$/u.exec(path) ?? [];
    if (segment !== undefined) this.steps.push(`remove ${Number(segment)}`);
    return super.remove(path);
  }
}

function padded(offset: number): string {
  return String(offset).padStart(20, '0');
}
