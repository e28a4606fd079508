import { fc, test as property } from '@fast-check/vitest';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { CommitLog, CommitLogError } from '../src/index.ts';
import type { SimulatedDisk } from '../src/testing/simulated-disk.ts';
import {
  FOLDER,
  appendRecords,
  copyOf,
  countRecords,
  reopenAndCount,
  segmentPaths,
  steadyDisk,
} from './log-content.ts';
import { decompressZstd, seekableZstd } from './seekable-zstd-builder.ts';

const RECORDS = 300;
const MAX_LENGTH = 400;
const SEGMENTS = { maxSegmentBytes: 12_000 };

/** A log of several segments. */
async function plainLog(): Promise<SimulatedDisk> {
  const disk = steadyDisk();
  disk.decompressZstd = decompressZstd;
  await using log = await CommitLog.open(disk, FOLDER, SEGMENTS);
  for (let i = 0; i < RECORDS; i++) {
    appendRecords(log, 1, MAX_LENGTH);
    await log.sync();
  }
  return disk;
}

/** The same with segments compressed: all of them, or all but the newest. */
async function compressedLog(options: { frameBytes?: number; hasChecksums?: boolean; all?: boolean } = {}) {
  const disk = await plainLog();
  const paths = await segmentPaths(disk);
  for (const path of options.all === true ? paths : paths.slice(0, -1)) {
    disk.place(path, seekableZstd(disk.contentOf(path), options.frameBytes, options.hasChecksums));
  }
  return disk;
}

async function openAndCount(disk: SimulatedDisk): Promise<number> {
  await using log = await CommitLog.open(disk, FOLDER, SEGMENTS);
  return await countRecords(log, MAX_LENGTH);
}

test.each([
  { frameBytes: 4096, hasChecksums: false },
  { frameBytes: 4096, hasChecksums: true },
  { frameBytes: 57, hasChecksums: false },
  { frameBytes: 333, hasChecksums: false },
  { frameBytes: 1_000_000, hasChecksums: false },
])('compressed segments of frames of $frameBytes bytes are read as the plain ones were', async (options) => {
  expect(await openAndCount(await compressedLog(options))).toBe(RECORDS);
});

test.each([1, 17, 150, 298, 299])(
  'a replay from tx offset %i finds its place in a compressed segment',
  async (from) => {
    const disk = await compressedLog();
    await using log = await CommitLog.open(disk, FOLDER, SEGMENTS);
    const found: number[] = [];
    await log.replay((minTxOffset) => found.push(minTxOffset), from);
    expect(found).toEqual(Array.from({ length: RECORDS - from }, (_, i) => from + i));
  },
);

test('a newest segment that is compressed stays as it is: writing goes on in a new one', async () => {
  const disk = await compressedLog({ all: true });
  const before = await segmentPaths(disk);
  const contents = before.map((path) => disk.contentOf(path));
  {
    await using log = await CommitLog.open(disk, FOLDER, SEGMENTS);
    expect(appendRecords(log, 1, MAX_LENGTH)).toBe(RECORDS + 1);
  }
  const after = await segmentPaths(disk);
  expect(after).toEqual([...before, `${FOLDER}/clog/00000000000000000300.stdb.log`]);
  expect(before.map((path) => disk.contentOf(path))).toEqual(contents);
  expect(await openAndCount(disk)).toBe(RECORDS + 1);
});

test('without a decompressor they are refused', async () => {
  const disk = await copyOf(await compressedLog());
  await expect(reopenAndCount(disk)).rejects.toMatchObject({ code: 'LOG_UNSUPPORTED' });
});

test('zstd without a table of frames is refused with the way out', async () => {
  const disk = await plainLog();
  const [first] = await segmentPaths(disk);
  disk.place(first!, zstdCompressSync(disk.contentOf(first!)));
  const error: unknown = await openAndCount(disk).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'LOG_UNSUPPORTED' });
  expect((error as Error).message).toMatch(/zstd -d/);
});

test.each([
  { what: 'the count of frames', change: (file: Buffer) => file.writeUInt32LE(0x7fffffff, file.length - 9) },
  { what: 'the kind of the table', change: (file: Buffer) => file.writeUInt8(0x04, file.length - 5) },
  { what: 'a size in the table', change: (file: Buffer) => file.writeUInt32LE(1, file.length - 9 - 8) },
  { what: 'a size of content in the table', change: (file: Buffer) => file.writeUInt32LE(1, file.length - 9 - 4) },
  { what: 'a frame', change: (file: Buffer) => file.fill(0, 100, 140) },
])('damage of $what is found', async ({ change }) => {
  const disk = await compressedLog();
  const [first] = await segmentPaths(disk);
  const file = Buffer.from(disk.contentOf(first!));
  change(file);
  disk.place(first!, file);
  await expect(openAndCount(disk)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
});

const compressed = await compressedLog({ all: true });
const paths = await segmentPaths(compressed);

property.prop([fc.nat({ max: paths.length - 1 }), fc.nat(), fc.integer({ min: 1, max: 255 })])(
  'a byte that changes anywhere is found, or changes nothing',
  async (segment, at, mask) => {
    const disk = await copyOf(compressed);
    disk.decompressZstd = decompressZstd;
    const path = paths[segment]!;
    const file = Buffer.from(disk.contentOf(path));
    file[at % file.length]! ^= mask;
    disk.place(path, file);
    try {
      const count = await openAndCount(disk);
      // The end of the newest segment may count as torn.
      expect(segment === paths.length - 1 ? count <= RECORDS : count === RECORDS).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(CommitLogError);
    }
  },
);
