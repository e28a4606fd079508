import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { CommitLog, copyLog, inspectLog, stretchesFrom } from '../src/index.ts';
import type { LogFinding } from '../src/index.ts';
import type { SimulatedDisk } from '../src/testing/simulated-disk.ts';
import {
  FOLDER,
  SEGMENT_0,
  appendRecords,
  copyOf,
  countRecords,
  diskWithCommits,
  recordOf,
  segmentPaths,
  steadyDisk,
} from './log-content.ts';
import { decompressZstd, seekableZstd } from './seekable-zstd-builder.ts';

const CLOG = `${FOLDER}/clog`;
/** Commits of these many records: segments begin at 0, 4, 11, and the last commit at 11. */
const COUNTS = [1, 3, 2, 5, 1];
const SMALL_SEGMENTS = { maxSegmentBytes: 90 };

/** `severity code tx-offset`, sorted as found. */
function short(findings: readonly LogFinding[]): string[] {
  return findings.map(({ severity, code, txOffset }) => `${severity} ${code} ${txOffset}`);
}

/** The transactions that are readable from the first one on without a gap. */
function goodEnd(inspection: Awaited<ReturnType<typeof inspectLog>>): number {
  return stretchesFrom(inspection.stretches, inspection.segments[0]?.firstTxOffset ?? 0).at(-1)?.endTxOffset ?? 0;
}

test('a good log has no findings, and one chain of stretches', async () => {
  const disk = await diskWithCommits(COUNTS, SMALL_SEGMENTS);
  const inspection = await inspectLog(disk, CLOG);
  expect(inspection.findings).toEqual([]);
  expect(inspection.segments.map(({ firstTxOffset, commits }) => [firstTxOffset, commits])).toEqual(
    inspection.stretches.map(({ firstTxOffset, segment }) => {
      expect(segment).toBe(firstTxOffset);
      return [firstTxOffset, inspection.segments.find((one) => one.firstTxOffset === segment)?.commits];
    }),
  );
  expect(goodEnd(inspection)).toBe(12);
});

test('an empty folder has no segments', async () => {
  expect(await inspectLog(steadyDisk(), CLOG)).toEqual({ segments: [], stretches: [], findings: [] });
});

interface DamageCase {
  readonly what: string;
  readonly findings: readonly string[];
  readonly goodEnd: number;
  readonly damage: (disk: SimulatedDisk, segments: readonly string[]) => void;
}

function edit(disk: SimulatedDisk, path: string, change: (bytes: Buffer) => Buffer | void): void {
  const bytes = Buffer.from(disk.contentOf(path));
  disk.place(path, change(bytes) ?? bytes);
}

describe('each kind of damage gets its finding, and what is before it is good', async () => {
  const good = await diskWithCommits(COUNTS, SMALL_SEGMENTS);
  const names = await segmentPaths(good);
  const starts = names.map((name) => Number(/(\d{20})/.exec(name)?.[1]));
  const newest = starts.at(-1)!;
  const second = starts[1]!;

  const cases: DamageCase[] = [
    {
      what: 'a flipped bit in the first commit of an old segment',
      damage: (disk, [first]) => edit(disk, first!, (bytes) => void (bytes[36]! ^= 1)),
      findings: ['damage LOG_DAMAGED 0'],
      goodEnd: 0,
    },
    {
      what: 'a flipped bit in the last commit of an old segment',
      damage: (disk, [first]) => edit(disk, first!, (bytes) => void (bytes[bytes.length - 6]! ^= 1)),
      findings: [`damage LOG_DAMAGED 1`, `damage LOG_OUT_OF_ORDER 1`],
      goodEnd: 1,
    },
    {
      what: 'a missing segment',
      damage: (disk, segments) => void disk.remove(segments[1]!),
      findings: [`damage LOG_OUT_OF_ORDER ${second}`],
      goodEnd: second,
    },
    {
      what: 'a header without magic',
      damage: (disk, segments) => edit(disk, segments[1]!, (bytes) => void (bytes[0] = 0)),
      findings: [`damage LOG_DAMAGED ${second}`],
      goodEnd: second,
    },
    {
      what: 'an unknown version',
      damage: (disk, segments) => edit(disk, segments[1]!, (bytes) => void (bytes[6] = 2)),
      findings: [`damage LOG_UNSUPPORTED ${second}`],
      goodEnd: second,
    },
    {
      what: 'an unknown checksum',
      damage: (disk, segments) => edit(disk, segments[1]!, (bytes) => void (bytes[7] = 1)),
      findings: [`damage LOG_UNSUPPORTED ${second}`],
      goodEnd: second,
    },
    {
      what: 'a newest segment cut inside its only commit',
      damage: (disk, segments) => edit(disk, segments.at(-1)!, (bytes) => bytes.subarray(0, 30)),
      findings: [`damage LOG_DAMAGED ${newest}`],
      goodEnd: newest,
    },
    {
      what: 'a newest segment without a whole header',
      damage: (disk, segments) => edit(disk, segments.at(-1)!, (bytes) => bytes.subarray(0, 5)),
      findings: [`note LOG_TORN_TAIL ${newest}`],
      goodEnd: newest,
    },
    {
      what: 'an old segment without a whole header',
      damage: (disk, [first]) => edit(disk, first!, (bytes) => bytes.subarray(0, 5)),
      findings: ['damage LOG_DAMAGED 0', `damage LOG_OUT_OF_ORDER 0`],
      goodEnd: 0,
    },
    {
      what: 'bytes behind the last commit',
      damage: (disk, segments) => edit(disk, segments.at(-1)!, (bytes) => Buffer.concat([bytes, Buffer.alloc(40, 7)])),
      findings: ['note LOG_TORN_TAIL 12'],
      goodEnd: 12,
    },
    {
      what: 'bytes behind an old segment, whose successor goes on where they stand',
      damage: (disk, [first]) => edit(disk, first!, (bytes) => Buffer.concat([bytes, Buffer.alloc(40, 7)])),
      findings: [`note LOG_TORN_TAIL ${second}`],
      goodEnd: 12,
    },
    {
      what: 'a commit that is there twice',
      damage: (disk, [first]) => edit(disk, first!, (bytes) => Buffer.concat([bytes, bytes.subarray(10)])),
      findings: [`damage LOG_FORKED ${second}`],
      goodEnd: 12,
    },
    {
      what: 'a segment under a wrong name',
      damage(disk, segments) {
        disk.place(segments.at(-1)!.replace(/\d{20}/, '00000000000000000099'), disk.contentOf(segments.at(-1)!));
        void disk.remove(segments.at(-1)!);
      },
      findings: [`damage LOG_OUT_OF_ORDER ${newest}`, `damage LOG_FORKED 99`],
      goodEnd: 12,
    },
    {
      what: 'an offset index that leads astray',
      damage: (disk, [first]) =>
        disk.place(first!.replace('.log', '.ofs'), Buffer.from('01000000000000000b00000000000000', 'hex')),
      findings: ['note LOG_INDEX_WRONG 1'],
      goodEnd: 12,
    },
    {
      what: 'a segment that was being made',
      damage: (disk) => disk.place(`${CLOG}/00000000000000000012.stdb.log.tmp`, Buffer.alloc(5)),
      findings: ['note LOG_UNFINISHED_FILE undefined'],
      goodEnd: 12,
    },
    {
      what: 'a compressed segment with a damaged frame',
      damage(disk, [first]) {
        const file = seekableZstd(disk.contentOf(first!));
        file.fill(0, 12, 30);
        disk.place(first!, file);
      },
      findings: ['damage LOG_DAMAGED 0'],
      goodEnd: 0,
    },
  ];

  test.each(cases)('$what', async ({ damage, findings, goodEnd: end }) => {
    const disk = await copyOf(good);
    disk.decompressZstd = decompressZstd;
    damage(disk, names);
    const inspection = await inspectLog(disk, CLOG);
    expect(short(inspection.findings)).toEqual(findings);
    expect(goodEnd(inspection)).toBe(end);
    for (const { path } of inspection.findings) expect(path).toContain(CLOG);
  });
});

test('what is readable behind damage is told, and of two continuations the newer segment counts', async () => {
  // As a writer that passes over damage leaves it: a bad commit, good ones behind it, and a segment that goes on where
  // the bad one stood.
  const disk = await diskWithCommits([1, 1, 1, 1]);
  const commitBytes = 22 + recordOf(1, 7).length + 4;
  edit(disk, SEGMENT_0, (bytes) => void (bytes[10 + 30 + 30]! ^= 1));
  const other = steadyDisk();
  {
    await using log = await CommitLog.open(other, FOLDER);
    appendRecords(log, 1);
    await log.sync();
    appendRecords(log, 3);
  }
  const content = Buffer.from(other.contentOf(SEGMENT_0));
  disk.place(
    `${CLOG}/00000000000000000001.stdb.log`,
    Buffer.concat([content.subarray(0, 10), content.subarray(10 + 30)]),
  );
  const { findings, stretches } = await inspectLog(disk, CLOG);
  expect(commitBytes).toBe(37);
  expect(findings.map(({ code }) => code)).toEqual(['LOG_DAMAGED', 'LOG_FORKED']);
  expect(stretches.map(({ segment, firstTxOffset, endTxOffset }) => [segment, firstTxOffset, endTxOffset])).toEqual([
    [0, 0, 1],
    [0, 2, 4],
    [1, 1, 4],
  ]);
  expect(stretchesFrom(stretches, 0).map(({ segment }) => segment)).toEqual([0, 1]);
  await copyLog(disk, CLOG, stretchesFrom(stretches, 0), 'new/clog', 0, { endTxOffset: 4, recordBytes: 0 });
  await using log = await CommitLog.open(disk, 'new');
  expect(await countRecords(log)).toBe(4);
});

const many = await diskWithCommits([1, 3, 2, 5, 1, 4, 1], SMALL_SEGMENTS);
const total = 17;

test.each(Array.from({ length: total + 1 }, (_, end) => end))(
  'a copy of the first %i transactions is a log of them',
  async (end) => {
    const { stretches } = await inspectLog(many, CLOG);
    const disk = await copyOf(many);
    const chain = stretchesFrom(stretches, 0);
    let recordBytes = 0;
    {
      await using log = await CommitLog.open(disk, FOLDER);
      await log.replay((minTxOffset, count) => {
        if (minTxOffset + count <= end || minTxOffset >= end) return;
        for (let i = minTxOffset; i < end; i++) recordBytes += recordOf(i, (i * 7) % 21).length;
      });
    }
    await copyLog(disk, CLOG, chain, 'new/clog', 0, { endTxOffset: end, recordBytes });
    await using log = await CommitLog.open(disk, 'new');
    expect(await countRecords(log)).toBe(end);
  },
);

property.prop([fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }), fc.boolean()])(
  'whatever the bytes are: no crash, and what is called good is copied to a log that opens',
  async (changes, compresses) => {
    const disk = await copyOf(many);
    disk.decompressZstd = decompressZstd;
    const paths = await segmentPaths(disk);
    if (compresses) disk.place(paths[0]!, seekableZstd(disk.contentOf(paths[0]!), 50));
    for (const [at, value] of changes) {
      const path = paths[at % paths.length]!;
      edit(disk, path, (bytes) => void (bytes[(at >> 3) % bytes.length] = value));
    }
    const { stretches } = await inspectLog(disk, CLOG);
    const chain = stretchesFrom(stretches, 0);
    const endTxOffset = chain.at(-1)?.endTxOffset ?? 0;
    await copyLog(disk, CLOG, chain, 'new/clog', 0, { endTxOffset, recordBytes: 0 });
    await using log = await CommitLog.open(disk, 'new');
    expect(await countRecords(log)).toBe(endTxOffset);
  },
);
