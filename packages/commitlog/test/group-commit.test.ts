import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import {
  FOLDER,
  SEGMENT_0,
  appendRecords,
  countRecords,
  reopenAndCount,
  segmentPaths,
  steadyDisk,
} from './log-content.ts';

test('append gives dense tx offsets and writes nothing', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  const operations = disk.operations;
  expect([appendRecords(log, 1), appendRecords(log, 2)]).toEqual([1, 3]);
  expect(disk.operations).toBe(operations);
  expect(log.durableOffset).toBe(-1);
  expect(log.pendingBytes).toBe(3 * 4 + 0 + 7 + 14);
});

test('append copies: the caller may overwrite the record at once', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  const record = Uint8Array.of(9, 1, 2, 3, 9);
  log.append(record, 1, 4);
  record.fill(0);
  await log.sync();
  const seen: number[][] = [];
  await log.replay((_minTxOffset, _count, bytes, start, end) => seen.push([...bytes.subarray(start, end)]));
  expect(seen).toEqual([[1, 2, 3]]);
});

test('[LOG-2] what is appended during a write makes one commit, which follows without another flush', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  const durable: number[] = [];
  log.onDurable((offset) => durable.push(offset));
  appendRecords(log, 3);
  log.flush();
  appendRecords(log, 4);
  log.flush();
  appendRecords(log, 5);
  await log.sync();
  expect(durable).toEqual([2, 11]);
  expect(log.pendingBytes).toBe(0);
  const commits: [number, number][] = [];
  await log.replay((minTxOffset, count) => commits.push([minTxOffset, count]));
  expect(commits).toEqual([
    [0, 3],
    [3, 9],
  ]);
});

test('who waits for a commit hears of it when the next one is on its way to the disk', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  for (let i = 0; i < 2; i++) {
    appendRecords(log, 1); // the segment, and its room
    await log.sync();
  }
  const operations: number[] = [];
  log.onDurable(() => operations.push(disk.operations));
  appendRecords(log, 1);
  log.flush();
  appendRecords(log, 1);
  const before = disk.operations;
  await log.sync();
  // The sync of the first, and the write of the second; then its sync.
  expect(operations).toEqual([before + 2, before + 3]);
});

test('[LOG-1] sync resolves when all that was appended before it is durable, and not earlier', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 1);
  const first = log.sync().then(() => log.durableOffset);
  appendRecords(log, 1);
  const second = log.sync().then(() => log.durableOffset);
  expect(await first).toBe(0);
  expect(await second).toBe(1);
  await log.sync();
});

test('a commit of more than 65535 records is split', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 70_000, 3);
  await log.sync();
  const counts: number[] = [];
  await log.replay((_minTxOffset, count) => counts.push(count));
  expect(counts).toEqual([65_535, 4_465]);
  expect(await countRecords(log, 3)).toBe(70_000);
});

test('a record larger than the reading window and the usual commit comes back whole', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  const large = new Uint8Array(20 * 1024 * 1024).fill(7);
  log.append(large, 0, 3);
  log.append(large, 0, large.length);
  log.append(large, 0, 5);
  await log.sync();
  const lengths: number[] = [];
  await log.replay((_minTxOffset, _count, _bytes, start, end) => lengths.push(end - start));
  expect(lengths).toEqual([3, large.length, 5]);
});

test('close writes what is left, may be called twice, and the log takes nothing afterwards', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  appendRecords(log, 5);
  await Promise.all([log.close(), log.close()]);
  expect(() => appendRecords(log, 1)).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
  expect(await reopenAndCount(disk)).toBe(5);
});

test('a second writer is refused, also after the first has failed, until that is closed', async () => {
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  await log.close();
  expect(await reopenAndCount(disk)).toBe(0);
});

test('[LOG-3] a segment that is full is followed by a new one, named after its first transaction', async () => {
  const disk = steadyDisk();
  const options = { maxSegmentBytes: 300 };
  await using log = await CommitLog.open(disk, FOLDER, options);
  for (let i = 0; i < 30; i++) {
    appendRecords(log, 1);
    await log.sync();
  }
  const paths = await segmentPaths(disk);
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths.slice(0, -1)) expect(disk.contentOf(path).length).toBeGreaterThanOrEqual(300);
  expect(await countRecords(log)).toBe(30);
  await log.close();
  expect(await reopenAndCount(disk, options)).toBe(30);
});

test.each([0, 1, 17, 499, 998, 999])(
  'replay from tx offset %d begins with the commit that contains it',
  async (from) => {
    const disk = steadyDisk();
    await using log = await CommitLog.open(disk, FOLDER, { maxSegmentBytes: 20_000 });
    for (let i = 0; i < 333; i++) {
      appendRecords(log, 3, 200);
      await log.sync();
    }
    const firsts: number[] = [];
    await log.replay((minTxOffset) => firsts.push(minTxOffset), from);
    expect(firsts[0]).toBe(from - (from % 3) === 999 ? undefined : from - (from % 3));
    expect(firsts).toHaveLength(333 - Math.floor(from / 3));
  },
);

test('an index that lies costs nothing but time', async () => {
  const disk = steadyDisk();
  const index = SEGMENT_0.replace('.log', '.ofs');
  {
    await using log = await CommitLog.open(disk, FOLDER);
    for (let i = 0; i < 300; i++) {
      appendRecords(log, 1, 100);
      await log.sync();
    }
  }
  const honest = disk.contentOf(index);
  expect(honest.length).toBeGreaterThanOrEqual(16);
  expect(new DataView(honest.buffer).getBigUint64(0, true)).toBeGreaterThan(0n);
  const lies = [
    new Uint8Array(64).fill(0xff),
    new Uint8Array(7),
    honest.map((byte, i) => (i % 16 === 8 ? byte + 1 : byte)),
    honest.map((byte, i) => (i % 16 === 0 ? byte - 1 : byte)),
  ];
  for (const lie of lies) {
    disk.place(index, lie);
    await using log = await CommitLog.open(disk, FOLDER);
    expect(log.nextTxOffset).toBe(300);
    const firsts: number[] = [];
    await log.replay((minTxOffset) => firsts.push(minTxOffset), 250);
    expect(firsts[0]).toBe(250);
  }
});
