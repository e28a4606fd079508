import { expect, test } from 'vitest';
import { CommitLog, CommitLogError } from '../src/index.ts';
import { SegmentReader } from '../src/segment-reader.ts';
import type { SimulatedDisk } from '../src/testing/simulated-disk.ts';
import {
  FOLDER,
  SEGMENT_0,
  appendRecords,
  copyOf,
  diskWithCommits,
  reopenAndCount,
  segmentPaths,
  steadyDisk,
} from './log-content.ts';

const COUNTS = [1, 3, 2, 5, 1];
const SMALL_SEGMENTS = { maxSegmentBytes: 150 };

/** Where the commits of a segment end, and how many records the log has up to there. */
async function commitEnds(disk: SimulatedDisk, segment: number): Promise<{ position: number; records: number }[]> {
  await using reader = await SegmentReader.open(disk, `${FOLDER}/clog`, segment);
  const ends = [{ position: 10, records: segment }];
  if (reader === undefined) return ends;
  while ((await reader.next()) === 'commit') {
    ends.push({ position: reader.position, records: reader.minTxOffset + reader.count });
  }
  return ends;
}

/** What opening and replaying comes to, in words. */
async function outcomeOf(disk: SimulatedDisk): Promise<string> {
  try {
    return `${await reopenAndCount(disk, SMALL_SEGMENTS)} records`;
  } catch (error) {
    if (!(error instanceof CommitLogError)) throw error;
    return `refused, naming ${/[^ ,]+\.log/.exec(error.message)?.[0]}`;
  }
}

test('[LOG-4] cut at any byte after the first commit, the log keeps every whole commit and goes on', async () => {
  const disk = await diskWithCommits(COUNTS);
  const ends = await commitEnds(disk, 0);
  const whole = disk.contentOf(SEGMENT_0);
  for (let length = ends[1]?.position ?? 0; length < whole.length; length++) {
    const cut = await copyOf(disk);
    cut.place(SEGMENT_0, whole.subarray(0, length));
    const expected = ends.findLast(({ position }) => position <= length)?.records ?? 0;
    await using log = await CommitLog.open(cut, FOLDER);
    expect(log.nextTxOffset).toBe(expected);
    appendRecords(log, 2);
    await log.close();
    expect(await reopenAndCount(cut)).toBe(expected + 2);
  }
});

test('[LOG-5] cut inside the first commit, which is never torn, the log is refused', async () => {
  const disk = await diskWithCommits(COUNTS);
  const [header, first] = await commitEnds(disk, 0);
  const whole = disk.contentOf(SEGMENT_0);
  for (let length = (header?.position ?? 0) + 1; length < (first?.position ?? 0); length++) {
    disk.place(SEGMENT_0, whole.subarray(0, length));
    await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringContaining('byte 10, tx offset 0: first commit in the most recent segment is corrupt: '),
    });
  }
});

test('[LOG-4] a newest segment of a header, or less, is begun again', async () => {
  const disk = await diskWithCommits([...COUNTS, ...COUNTS], SMALL_SEGMENTS);
  const newest = (await segmentPaths(disk)).at(-1) ?? '';
  const firstOffset = Number(/(\d{20})/.exec(newest)?.[1]);
  const whole = disk.contentOf(newest);
  for (let length = 0; length <= 10; length++) {
    const cut = await copyOf(disk);
    cut.place(newest, whole.subarray(0, length));
    await using log = await CommitLog.open(cut, FOLDER, SMALL_SEGMENTS);
    expect(appendRecords(log, 2)).toBe(firstOffset + 2);
    await log.close();
    expect(await reopenAndCount(cut, SMALL_SEGMENTS)).toBe(firstOffset + 2);
  }
});

test.each([
  { name: 'zeros', tail: new Uint8Array(64) },
  { name: 'a few zeros', tail: new Uint8Array(5) },
  { name: 'ones', tail: new Uint8Array(500).fill(0xff) },
  {
    name: 'a header that promises more than there is',
    tail: Uint8Array.of(12, ...new Uint8Array(15), 1, 0, 9, 0, 0, 0),
  },
])('[LOG-4] a torn tail of $name is cut off', async ({ tail }) => {
  const disk = await diskWithCommits(COUNTS);
  const whole = disk.contentOf(SEGMENT_0);
  disk.place(SEGMENT_0, Uint8Array.of(...whole, ...tail));
  expect(await reopenAndCount(disk)).toBe(12);
  expect(disk.contentOf(SEGMENT_0)).toEqual(whole);
});

test('[LOG-5] a flipped bit anywhere is an error or costs the last commit, never another', async () => {
  const disk = await diskWithCommits(COUNTS, SMALL_SEGMENTS);
  const paths = await segmentPaths(disk);
  expect(paths.length).toBeGreaterThan(1);
  const newest = paths.at(-1);
  const newestEnds = await commitEnds(disk, Number(/(\d{20})/.exec(newest ?? '')?.[1]));
  expect(newestEnds.length).toBeGreaterThan(2);
  const lastCommitAt = newestEnds.at(-2)?.position ?? 10;
  const surprises: string[] = [];
  for (const path of paths) {
    const whole = disk.contentOf(path);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const position = Math.floor(bit / 8);
      const flipped = await copyOf(disk);
      flipped.place(
        path,
        whole.map((byte, i) => (i === position ? byte ^ (1 << (bit % 8)) : byte)),
      );
      const outcome = await outcomeOf(flipped);
      let allowed = [`refused, naming ${path}`];
      // The two last bytes of a header mean nothing.
      if (position === 8 || position === 9) allowed = ['12 records'];
      else if (path === newest && position >= lastCommitAt) allowed = ['11 records'];
      if (!allowed.includes(outcome)) surprises.push(`bit ${bit % 8} of byte ${position} of ${path}: ${outcome}`);
    }
  }
  expect(surprises).toEqual([]);
});

test('[LOG-5] the error names file, byte and tx offset, and nothing is changed', async () => {
  const disk = await diskWithCommits(COUNTS);
  const ends = await commitEnds(disk, 0);
  const third = ends[2];
  const whole = disk.contentOf(SEGMENT_0);
  whole[(third?.position ?? 0) + 30]! ^= 1;
  disk.place(SEGMENT_0, whole);
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining(`${SEGMENT_0}, byte ${third?.position}, tx offset ${third?.records}: `),
  });
  expect(disk.contentOf(SEGMENT_0)).toEqual(whole);
});

test('[LOG-5] an older segment that lost bytes, or is lost, is refused, and the right segment is blamed', async () => {
  const disk = await diskWithCommits(COUNTS, SMALL_SEGMENTS);
  const [first = '', second = ''] = await segmentPaths(disk);
  const whole = disk.contentOf(first);
  const ends = await commitEnds(disk, 0);
  for (let length = 0; length < whole.length; length++) {
    const cut = await copyOf(disk);
    cut.place(first, whole.subarray(0, length));
    // Cut between two commits it looks whole: what nobody expects there is the next one.
    const isWhole = ends.some(({ position }) => position === length);
    await expect(reopenAndCount(cut)).rejects.toMatchObject({
      code: isWhole ? 'LOG_OUT_OF_ORDER' : 'LOG_DAMAGED',
      message: expect.stringContaining(`${isWhole ? second : first}, byte `) as string,
    });
  }
  const gone = await copyOf(disk);
  await gone.remove(first);
  await expect(reopenAndCount(gone)).rejects.toMatchObject({ code: 'LOG_MISSING' });

  const three = await diskWithCommits([...COUNTS, ...COUNTS], SMALL_SEGMENTS);
  await three.remove(second);
  await expect(reopenAndCount(three)).rejects.toMatchObject({ code: 'LOG_OUT_OF_ORDER' });
});

test('a garbage tail that the next segment replaces is passed over, as the reference leaves it', async () => {
  const disk = await diskWithCommits([...COUNTS, ...COUNTS], SMALL_SEGMENTS);
  const [first = '', , third = '', fourth = ''] = await segmentPaths(disk);
  disk.place(first, Uint8Array.of(...disk.contentOf(first), ...new Uint8Array(100).fill(0xee)));
  expect(await reopenAndCount(disk)).toBe(24);
  // Nor is it blamed for what is missing elsewhere.
  await disk.remove(third);
  await expect(reopenAndCount(disk)).rejects.toMatchObject({
    code: 'LOG_OUT_OF_ORDER',
    message: expect.stringContaining(`${fourth}, byte 0: `) as string,
  });
});

test('[LOG-6] a commit that stands twice is a fork', async () => {
  const disk = await diskWithCommits(COUNTS);
  const ends = await commitEnds(disk, 0);
  const whole = disk.contentOf(SEGMENT_0);
  disk.place(SEGMENT_0, Uint8Array.of(...whole, ...whole.subarray(ends.at(-2)?.position)));
  await expect(reopenAndCount(disk)).rejects.toMatchObject({
    code: 'LOG_FORKED',
    message: expect.stringContaining('out-of-order offset: expected=12 actual=11'),
  });
});

test('[LOG-6] a segment whose name is not its first offset is refused', async () => {
  const disk = await diskWithCommits(COUNTS);
  const renamed = steadyDisk();
  renamed.place(SEGMENT_0.replace('0.stdb', '7.stdb'), disk.contentOf(SEGMENT_0));
  await expect(CommitLog.open(renamed, FOLDER)).rejects.toMatchObject({ code: 'LOG_FORKED' });
});

/** A torn tail in which a long commit seems to begin every 22 bytes. */
function looksLikeCommits(bytes: number): Uint8Array {
  const fakes = new Uint8Array(bytes);
  const view = new DataView(fakes.buffer);
  for (let at = 0; at + 22 < bytes; at += 22) {
    view.setBigUint64(at, 5n, true);
    view.setUint16(at + 16, 1, true);
    view.setUint32(at + 18, (bytes - at) / 2, true);
  }
  return fakes;
}

test('[LOG-4] bytes that only look like commits are a torn tail, and do not make recovery slow', async () => {
  const disk = await diskWithCommits([1]);
  disk.place(SEGMENT_0, Buffer.concat([disk.contentOf(SEGMENT_0), Uint8Array.of(0xff), looksLikeCommits(1_000_000)]));
  const started = performance.now();
  expect(await reopenAndCount(disk)).toBe(1);
  expect(performance.now() - started).toBeLessThan(5000);
});

test('[LOG-5] too many bytes that look like commits are taken for damage', async () => {
  const disk = await diskWithCommits([1]);
  disk.place(SEGMENT_0, Buffer.concat([disk.contentOf(SEGMENT_0), looksLikeCommits(50_000_000)]));
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
});

test.each([
  {
    name: 'a newer version',
    at: 6,
    byte: 2,
    code: 'LOG_UNSUPPORTED',
    message: 'byte 6: unsupported log format version: 2',
  },
  { name: 'another checksum', at: 7, byte: 1, code: 'LOG_UNSUPPORTED', message: 'unsupported checksum algorithm: 1' },
  { name: 'no magic', at: 0, byte: 0, code: 'LOG_DAMAGED', message: 'segment header does not start with magic' },
])('a segment with $name is refused', async ({ at, byte, code, message }) => {
  const disk = await diskWithCommits(COUNTS);
  const bytes = disk.contentOf(SEGMENT_0);
  bytes[at] = byte;
  disk.place(SEGMENT_0, bytes);
  await expect(CommitLog.open(disk, FOLDER)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});
