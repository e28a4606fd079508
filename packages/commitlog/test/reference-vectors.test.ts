import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import type { SimulatedDisk } from '../src/testing/simulated-disk.ts';
import { FOLDER, SEGMENT_0, steadyDisk } from './log-content.ts';

interface VectorCase {
  name: string;
  segments?: { file: string; hex: string }[];
  append_to?: string;
  hex?: string;
  accepted: boolean | string;
  error_contains?: string;
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/commitlog.json', import.meta.url), 'utf8')) as {
  segment_header_hex: string;
  cases: VectorCase[];
  recorded: { commits: { hex: string }[] };
};

/** Sixteen transactions, as the cases expect before them. */
async function baseLog(): Promise<SimulatedDisk> {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  for (let i = 0; i < 16; i++) {
    log.append(Uint8Array.of(0x20, 0, 0, 0), 0, 4);
    await log.sync();
  }
  return disk;
}

/** The commits from `from` on, as texts `offset+count:records`. */
async function commitsFrom(disk: SimulatedDisk, from: number): Promise<string[]> {
  await using log = await CommitLog.open(disk, FOLDER);
  const commits: string[] = [];
  await log.replay((minTxOffset, count, bytes, start, end) => {
    commits.push(`${minTxOffset}+${count}:${Buffer.from(bytes.subarray(start, end)).toString('hex')}`);
  }, from);
  return commits;
}

/** What the commits in a piece of a file are by the specification, taken apart without the code under test. */
function expectedCommits(bytes: Buffer, version: number): string[] {
  const commits: string[] = [];
  const headerBytes = version === 0 ? 14 : 22;
  for (let at = 0; at < bytes.length;) {
    const count = bytes.readUInt16LE(at + headerBytes - 6);
    const length = bytes.readUInt32LE(at + headerBytes - 4);
    const start = at + headerBytes;
    commits.push(`${bytes.readBigUInt64LE(at)}+${count}:${bytes.toString('hex', start, start + length)}`);
    at = start + length + 4;
  }
  return commits;
}

function placeCase(disk: SimulatedDisk, vector: VectorCase): string[] {
  const commits: string[] = [];
  for (const { file, hex } of vector.segments ?? []) {
    const bytes = Buffer.from(hex, 'hex');
    disk.place(`${FOLDER}/clog/${file}`, bytes);
    commits.push(...expectedCommits(bytes.subarray(10), bytes[6] ?? 0));
  }
  if (vector.hex !== undefined) {
    const bytes = Buffer.from(vector.hex, 'hex');
    disk.place(SEGMENT_0, Buffer.concat([disk.contentOf(SEGMENT_0), bytes]));
    commits.push(...expectedCommits(bytes, 1));
  }
  return commits;
}

// What is wrong with the rows of a record is for the reader of the records to find.
const ABOUT_ROWS = new Set(['duplicate of a live row', 'delete of a missing row', 'unknown table']);
const readable = vectors.cases.filter(({ accepted, name }) => accepted === true || ABOUT_ROWS.has(name));
const torn = vectors.cases.filter(({ accepted }) => accepted === 'as if absent');
const refused = vectors.cases.filter((vector) => !readable.includes(vector) && !torn.includes(vector));

test('a new segment begins with the header of the reference', async () => {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER);
  log.append(new Uint8Array(1), 0, 1);
  await log.sync();
  expect(Buffer.from(disk.contentOf(SEGMENT_0).subarray(0, 10)).toString('hex')).toBe(vectors.segment_header_hex);
});

test.each(readable)('read: $name', async (vector) => {
  const disk = await baseLog();
  const expected = placeCase(disk, vector);
  expect(await commitsFrom(disk, 16)).toEqual(expected);
});

test.each(torn)('[LOG-4] as if absent: $name', async (vector) => {
  const disk = await baseLog();
  placeCase(disk, vector);
  expect(await commitsFrom(disk, 16)).toEqual([]);
});

test.each(refused)('refused: $name', async (vector) => {
  const disk = await baseLog();
  placeCase(disk, vector);
  await expect(commitsFrom(disk, 0)).rejects.toThrow(vector.error_contains);
});

test('commits recorded from the reference are written again byte by byte', async () => {
  const recorded = vectors.recorded.commits.map(({ hex }) => Buffer.from(hex, 'hex'));
  const disk = steadyDisk();
  const log = await CommitLog.open(disk, FOLDER);
  log.append(new Uint8Array(1), 0, 1);
  await log.sync();
  const written = disk.contentOf(SEGMENT_0).length;
  for (const commit of recorded) {
    log.append(commit, 22, commit.length - 4);
    await log.sync();
  }
  await log.close();
  expect(Buffer.from(disk.contentOf(SEGMENT_0).subarray(written))).toEqual(Buffer.concat(recorded));
});

test('writing goes on with the epoch found last', async () => {
  const disk = await baseLog();
  const vector = vectors.cases.find(({ name }) => name.startsWith('epoch 3'));
  const path = `${FOLDER}/clog/${vector?.segments?.[0]?.file}`;
  placeCase(disk, vector ?? { name: '', accepted: false });
  const before = disk.contentOf(path).length;
  {
    await using log = await CommitLog.open(disk, FOLDER);
    log.append(new Uint8Array(1), 0, 1);
  }
  expect(Buffer.from(disk.contentOf(path)).readBigUInt64LE(before + 8)).toBe(3n);
});

test('after a version-0 segment writing goes on in a new one', async () => {
  const vector = vectors.cases.find(({ name }) => name.startsWith('version-0'));
  const disk = await baseLog();
  placeCase(disk, { name: '', accepted: true, segments: vector?.segments?.slice(0, 1) ?? [] });
  {
    await using log = await CommitLog.open(disk, FOLDER);
    expect(log.append(Uint8Array.of(1), 0, 1)).toBe(17);
  }
  expect(await commitsFrom(disk, 17)).toEqual(['17+1:01']);
});
