import { expect, test } from 'vitest';
import { CommitLog, inspectLog } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/simulated-disk.ts';
import {
  FOLDER,
  SEGMENT_0,
  appendRecords,
  countRecords,
  diskWithCommits,
  recordOf,
  reopenAndCount,
  steadyDisk,
} from './log-content.ts';

test('most commits go into room that was set aside, and leave the length of the file as it is', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  const lengths = new Set<number>();
  for (let commit = 0; commit < 1000; commit++) {
    appendRecords(log, 1);
    await log.sync();
    lengths.add(disk.contentOf(SEGMENT_0).length);
  }
  expect(lengths.size).toBeLessThan(20);
  expect(await countRecords(log)).toBe(1000);
});

test('a log that is closed, and a segment that is full, are what their commits are and no longer', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER, { maxSegmentBytes: 500 });
  const ends: number[] = [];
  for (let commit = 0; commit < 30; commit++) {
    appendRecords(log, 1);
    await log.sync();
    const first = disk.contentOf(SEGMENT_0);
    ends.push(first.findLastIndex((byte) => byte !== 0) + 1);
  }
  expect(disk.contentOf(SEGMENT_0)).toHaveLength(ends.at(-1)!);
  await log.close();
  const names = (await disk.list(`${FOLDER}/clog`)).filter((name) => name.endsWith('.log'));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) expect(disk.contentOf(`${FOLDER}/clog/${name}`).at(-1)).not.toBe(0);
});

test('a log that was closed has no room either when the power is lost after that', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const disk = new SimulatedDisk(seededRandom(seed));
    const log = await CommitLog.open(disk, FOLDER);
    for (let commit = 0; commit < 10; commit++) {
      appendRecords(log, 1);
      await log.sync();
    }
    await log.close();
    const closed = disk.contentOf(SEGMENT_0);
    disk.losePower();
    expect(disk.contentOf(SEGMENT_0)).toEqual(closed);
  }
});

test('[LOG-4] the room that a killed program had set aside is nothing to report, and is cut off by the next start', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  for (let commit = 0; commit < 11; commit++) {
    appendRecords(log, 2);
    await log.sync();
  }
  const left = disk.contentOf(SEGMENT_0);
  disk.killProgram();
  const end = left.findLastIndex((byte) => byte !== 0) + 1;
  expect(end).toBeLessThan(left.length);

  const { findings } = await inspectLog(disk, `${FOLDER}/clog`);
  expect(findings).toEqual([]);
  expect(await reopenAndCount(disk)).toBe(22);
  expect(disk.contentOf(SEGMENT_0)).toEqual(left.slice(0, end));
});

test('[LOG-4] a commit that was torn over such room is cut off, wherever it was torn', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  for (let commit = 0; commit < 3; commit++) {
    appendRecords(log, 2);
    await log.sync();
  }
  const before = disk.contentOf(SEGMENT_0);
  appendRecords(log, 2);
  await log.sync();
  const after = disk.contentOf(SEGMENT_0);
  disk.killProgram();
  const start = before.findLastIndex((byte) => byte !== 0) + 1;
  const end = after.findLastIndex((byte) => byte !== 0) + 1;
  for (let cut = start; cut < end; cut++) {
    const torn = after.slice();
    torn.fill(0, cut);
    disk.place(SEGMENT_0, torn);
    expect(await reopenAndCount(disk), `cut at ${cut}`).toBe(6);
    const tornBehind = after.slice();
    tornBehind.fill(0, start, cut + 1);
    disk.place(SEGMENT_0, tornBehind);
    expect(await reopenAndCount(disk), `missing up to ${cut}`).toBe(6);
  }
});

test('a disk that has no place for room takes commits for as long as they fit, and keeps all that were durable', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 30);
  await log.sync();
  // As much as there is content is set aside at first.
  disk.capacityBytes = Math.floor(disk.contentOf(SEGMENT_0).length * 1.7);
  let durable = 30;
  await expect(async () => {
    for (;;) {
      appendRecords(log, 1);
      await log.sync();
      durable++;
    }
  }).rejects.toMatchObject({ code: 'LOG_DISK_FULL', cause: { code: 'ENOSPC' } });
  expect(durable).toBeGreaterThan(34);
  expect(log.durableOffset).toBe(durable - 1);
  await log.close();
  expect(await reopenAndCount(disk)).toBe(durable);
});

test('room that turns out not to fit is given back before the commit is written that needs its place', async () => {
  const disk = new BoastingDisk(seededRandom(1));
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 30);
  await log.sync();
  const before = disk.usedBytes;
  disk.capacityBytes = before + 400;
  append(log, 300);
  await log.sync();
  expect(disk.usedBytes).toBe(before + 300 + 26);
  await log.close();
  await using again = await CommitLog.open(disk, FOLDER);
  expect(again.nextTxOffset).toBe(31);
});

test('of a disk that is nearly full no more than a quarter is set aside, so that others have room, too', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  append(log, 500_000);
  await log.sync();
  disk.capacityBytes = disk.usedBytes + 100_000;
  const commitBytes = 100 + 4 + 26;
  append(log, 100);
  await log.sync();
  const taken = 100_000 - disk.freeBytes();
  expect(taken).toBeGreaterThan(commitBytes);
  expect(taken).toBeLessThanOrEqual(commitBytes + 25_000);
});

test('[LOG-12] a record has room if 64 KiB are left behind it and all that is pending', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  append(log, 10);
  await log.sync();
  disk.capacityBytes = disk.usedBytes + 200_000;
  expect(log.hasRoomFor(200_000 - 65_536)).toBe(true);
  expect(log.hasRoomFor(200_000 - 65_535)).toBe(false);
  expect(log.hasRoomFor(65_536)).toBe(true);
  append(log, 100_000);
  expect(log.hasRoomFor(34_465)).toBe(false);
  expect(log.hasRoomFor(34_000)).toBe(true);
  await log.sync();
  // Little is not asked about: it is what the last 64 KiB are for.
  expect(log.hasRoomFor(65_536)).toBe(true);
  expect(log.hasRoomFor(65_537)).toBe(false);

  disk.capacityBytes = Number.POSITIVE_INFINITY;
  expect(log.hasRoomFor(500_000_000)).toBe(true);
});

test('[LOG-12] the room that was set aside counts, and what was allowed before is not allowed for ever', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  append(log, 300_000);
  await log.sync();
  append(log, 100); // with as much room behind it as there is content
  await log.sync();
  disk.capacityBytes = disk.usedBytes;
  expect(log.hasRoomFor(200_000)).toBe(true);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  expect(log.hasRoomFor(1_000_000)).toBe(true);
  disk.capacityBytes = disk.usedBytes;
  append(log, 900_000);
  expect(log.hasRoomFor(200_000)).toBe(false);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
});

test.each([
  { what: 'that begins a segment', before: [], maxSegmentBytes: 1_000_000 },
  { what: 'that follows a full segment', before: [20_000, 100], maxSegmentBytes: 20_000 },
  { what: 'that outgrows the room', before: [20_000, 100], maxSegmentBytes: 1_000_000 },
  { what: 'that has room', before: [200_000, 100], maxSegmentBytes: 1_000_000 },
])('[LOG-12] a commit $what counts once while it is written', async ({ before, maxSegmentBytes }) => {
  const seen: number[] = [];
  let look = (): void => {};
  const disk = new SimulatedDisk(seededRandom(1), async () => look());
  await using log = await CommitLog.open(disk, FOLDER, { maxSegmentBytes });
  for (const length of before) {
    append(log, length);
    await log.sync();
  }
  disk.capacityBytes = disk.usedBytes + 400_000;
  append(log, 100_000);
  const expected = mostThatHasRoom(log);
  look = () => void seen.push(mostThatHasRoom(log));
  await log.sync();
  look = () => {};
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen)).toEqual(new Set([expected]));
  disk.capacityBytes = Number.POSITIVE_INFINITY;
});

test('any other failure of room ends the log', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 3);
  await log.sync();
  disk.failAfter('write', 0);
  appendRecords(log, 1);
  await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', cause: { code: 'EIO' } });
  await log.close();
  disk.repair();
  expect(await reopenAndCount(disk)).toBe(3);
});

test('[LOG-11] a log that is opened on a full disk is read and takes nothing, and takes it again when there is room', async () => {
  const disk = await diskWithCommits([30]);
  const before = disk.contentOf(SEGMENT_0);
  disk.capacityBytes = disk.usedBytes + 100;
  const log = await CommitLog.open(disk, FOLDER);
  expect(log.fullDisk).toMatchObject({ code: 'LOG_DISK_FULL' });
  expect(await countRecords(log)).toBe(30);
  expect(() => appendRecords(log, 1)).toThrow(expect.objectContaining({ code: 'LOG_DISK_FULL' }));
  expect(await log.lookForRoom()).toBe(false);
  // What could be had is left to others.
  expect(disk.contentOf(SEGMENT_0)).toEqual(before);

  disk.capacityBytes = Number.POSITIVE_INFINITY;
  expect(await log.lookForRoom()).toBe(true);
  expect(() => appendRecords(log, 1)).toThrow(expect.objectContaining({ code: 'LOG_DISK_FULL' }));
  await log.close();
  expect(disk.contentOf(SEGMENT_0)).toEqual(before);
  await using again = await CommitLog.open(disk, FOLDER);
  expect(again.fullDisk).toBeUndefined();
  appendRecords(again, 1);
  await again.sync();
  expect(await countRecords(again)).toBe(31);
});

test('[LOG-11] the room that a killed program had set aside is enough to go on with', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  for (let commit = 0; commit < 11; commit++) {
    appendRecords(log, 2);
    await log.sync();
  }
  disk.killProgram();
  const end = disk.contentOf(SEGMENT_0).findLastIndex((byte) => byte !== 0) + 1;
  disk.capacityBytes = disk.usedBytes - disk.contentOf(SEGMENT_0).length + 2 * end;
  await using again = await CommitLog.open(disk, FOLDER);
  expect(again.fullDisk).toBeUndefined();
});

/** It says that it has more than it has, as a disk does on which somebody has a quota. */
class BoastingDisk extends SimulatedDisk {
  override freeBytes(): number {
    return 1_000_000;
  }
}

function mostThatHasRoom(log: CommitLog): number {
  let [fits, fitsNot] = [0, 1_000_000_000];
  if (log.hasRoomFor(fitsNot)) throw new Error('the disk has no end'); // asks the disk, too
  while (fitsNot - fits > 1) {
    const length = Math.floor((fits + fitsNot) / 2);
    if (log.hasRoomFor(length)) fits = length;
    else fitsNot = length;
  }
  return fits;
}

function append(log: CommitLog, length: number): void {
  const record = recordOf(log.nextTxOffset, length - 4);
  log.append(record, 0, length);
}
