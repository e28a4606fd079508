import { MemoryBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { CommitLog, LogArchive, inspectLog, readCommits, visitCommits, writePieces } from '../src/index.ts';
import type { FileSystem, LogPiece, LogPosition } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/simulated-disk.ts';
import { FOLDER, appendRecords, countRecords, diskWithCommits, reopenAndCount, steadyDisk } from './log-content.ts';

const CLOG = `${FOLDER}/clog`;

/** Archives what is there, piece by piece. @returns where it goes on */
async function archiveAll(
  fs: FileSystem,
  blobs: BlobStore,
  from: LogPosition,
  endTxOffset: number,
  fullBytes = 1,
): Promise<LogPosition> {
  const archive = new LogArchive(blobs);
  let next = from;
  for (;;) {
    const run = await readCommits(fs, CLOG, next, endTxOffset, fullBytes);
    if (run === undefined) return next;
    await archive.add({ ...run, cutAtMicros: 1_000_000 + run.endTxOffset, times: [] });
    next = run.next;
  }
}

async function* piecesOf(archive: LogArchive, first?: number): AsyncGenerator<LogPiece> {
  for await (const offset of archive.list(first)) yield await archive.read(offset);
}

const pieceOf = (firstTxOffset: number, endTxOffset: number, commits = Uint8Array.of(1, 2, 3)): LogPiece => ({
  firstTxOffset,
  endTxOffset,
  cutAtMicros: 1_234_567_890_123_456,
  times: [
    { txOffset: firstTxOffset, micros: 1_234_567_890_000_000 },
    { txOffset: endTxOffset - 1, micros: 1_234_567_890_000_001 },
  ],
  commits,
});

describe('a log that is archived', () => {
  test.each([1, 60, 200, 100_000])('in pieces of %i bytes comes back the same', async (fullBytes) => {
    const counts = [3, 1, 40, 7, 1, 1, 100, 2];
    const disk = await diskWithCommits(counts, { maxSegmentBytes: 300 });
    const total = counts.reduce((sum, count) => sum + count);
    const blobs = new MemoryBlobStore();
    const end = await archiveAll(disk, blobs, { txOffset: 0 }, total, fullBytes);
    expect(end.txOffset).toBe(total);

    const restored = steadyDisk();
    await writePieces(restored, CLOG, piecesOf(new LogArchive(blobs)));
    const { findings } = await inspectLog(restored, CLOG);
    expect(findings).toEqual([]);
    await using log = await CommitLog.open(restored, FOLDER);
    expect(await countRecords(log)).toBe(total);
    expect(log.nextTxOffset).toBe(total);
    expect(appendRecords(log, 1)).toBe(total + 1);
  });

  test('is on the disk when it was written from its pieces', async () => {
    const blobs = new MemoryBlobStore();
    await archiveAll(await diskWithCommits([3, 1, 40]), blobs, { txOffset: 0 }, 44);
    for (let seed = 0; seed < 10; seed++) {
      const restored = new SimulatedDisk(seededRandom(seed));
      await writePieces(restored, CLOG, piecesOf(new LogArchive(blobs)));
      restored.losePower();
      expect(await reopenAndCount(restored)).toBe(44);
    }
  });

  test('goes on while it is written, with what is durable alone', async () => {
    const disk = steadyDisk();
    const blobs = new MemoryBlobStore();
    await using log = await CommitLog.open(disk, FOLDER, { maxSegmentBytes: 500 });
    let next: LogPosition = { txOffset: 0 };
    for (let round = 0; round < 20; round++) {
      appendRecords(log, 1 + (round % 5));
      await log.sync();
      appendRecords(log, 3);
      const durable = log.durableOffset;
      next = await archiveAll(disk, blobs, next, durable + 1);
      expect(next.txOffset).toBe(durable + 1);
    }
    const restored = steadyDisk();
    await writePieces(restored, CLOG, piecesOf(new LogArchive(blobs)));
    await using copy = await CommitLog.open(restored, FOLDER);
    expect(await countRecords(copy)).toBe(next.txOffset);
  });

  test('is found again at any commit, without knowing its place', async () => {
    const disk = await diskWithCommits([3, 4, 5, 6], { maxSegmentBytes: 150 });
    for (const first of [0, 3, 7, 12]) {
      const run = await readCommits(disk, CLOG, { txOffset: first }, 18, 1);
      expect(run?.firstTxOffset).toBe(first);
    }
    // A transaction in the middle of a commit is nowhere to begin.
    await expect(readCommits(disk, CLOG, { txOffset: 4 }, 18, 1)).rejects.toMatchObject({ code: 'LOG_FORKED' });
  });

  test('is read up to what is durable and no further, though more is in the file', async () => {
    const disk = await diskWithCommits([3, 4, 5, 6]);
    const run = await readCommits(disk, CLOG, { txOffset: 0 }, 7, 1_000_000);
    expect(run).toMatchObject({ firstTxOffset: 0, endTxOffset: 7, next: { txOffset: 7 } });
    expect(await readCommits(disk, CLOG, run!.next, 7, 1_000_000)).toBeUndefined(); // there was one
  });

  test.each<{ name: string; damage: (bytes: Uint8Array) => void; place: string }>([
    { name: 'a flipped bit', damage: (bytes) => void (bytes[20]! ^= 1), place: ', byte 10, tx offset 3: ' },
    { name: 'a cut header', damage: (bytes) => void bytes.fill(0), place: '' },
  ])('with $name stops there, and says where: not in the segment behind it', async ({ damage, place }) => {
    const disk = await diskWithCommits([3, 4, 5], { maxSegmentBytes: 1 });
    const second = `${CLOG}/00000000000000000003.stdb.log`;
    const bytes = disk.contentOf(second).slice();
    damage(bytes);
    disk.place(second, bytes);
    expect(await readCommits(disk, CLOG, { txOffset: 0 }, 12, 1_000_000)).toMatchObject({
      endTxOffset: 3,
    });
    await expect(readCommits(disk, CLOG, { txOffset: 3 }, 12, 1)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringContaining(`${second}${place}`) as string,
    });
  });

  test('of which the beginning is gone is missing', async () => {
    const disk = await diskWithCommits([3, 4], { maxSegmentBytes: 1 });
    await disk.remove(`${CLOG}/00000000000000000000.stdb.log`);
    await expect(readCommits(disk, CLOG, { txOffset: 0 }, 7, 1)).rejects.toMatchObject({ code: 'LOG_MISSING' });
  });
});

describe('a piece', () => {
  test('has its commits in order, up to one that is not whole', async () => {
    const disk = await diskWithCommits([3, 1, 40]);
    const run = await readCommits(disk, CLOG, { txOffset: 0 }, 44, 1_000_000);
    const { commits } = run!; // there are three
    const visited = (bytes: Uint8Array): number[][] => {
      const seen: number[][] = [];
      visitCommits({ ...pieceOf(0, 44), commits: bytes }, (...[min, count, , start, end]) => {
        expect(end).toBeLessThanOrEqual(bytes.length);
        seen.push([min, count, end - start]);
      });
      return seen;
    };
    const whole = visited(commits);
    expect(whole.map(([min, count]) => [min, count])).toEqual([
      [0, 3],
      [3, 1],
      [4, 40],
    ]);
    for (let length = 0; length < commits.length; length++) {
      const some = visited(commits.subarray(0, length));
      expect(some).toEqual(whole.slice(0, some.length));
    }
  });

  test('comes back whole, its header also without the rest', async () => {
    const archive = new LogArchive(new MemoryBlobStore());
    await archive.add(pieceOf(42, 58));
    expect(await archive.read(42)).toEqual(pieceOf(42, 58));
    const { firstTxOffset, endTxOffset, cutAtMicros } = pieceOf(42, 58);
    expect(await archive.readHeader(42)).toEqual({ firstTxOffset, endTxOffset, cutAtMicros });
  });

  test.each([0, 500, 1_000, 50_000, 10_000_000])('that is the last is found, from transaction %i on', async (near) => {
    const archive = new LogArchive(new MemoryBlobStore());
    expect(await archive.findLast(near)).toBeUndefined();
    for (const first of [0, 10, 1_100, 20_000]) await archive.add(pieceOf(first, first + 10));
    expect(await archive.findLast(near)).toBe(20_000);
  });

  test('may be added again, but not another of its name', async () => {
    const archive = new LogArchive(new MemoryBlobStore());
    await archive.add(pieceOf(0, 5));
    await archive.add(pieceOf(0, 5));
    await expect(archive.add(pieceOf(0, 6))).rejects.toMatchObject({ code: 'ARCHIVE_FORKED' });
    await expect(archive.add(pieceOf(0, 5, Uint8Array.of(9, 9, 9)))).rejects.toMatchObject({ code: 'ARCHIVE_FORKED' });
    expect(await archive.read(0)).toEqual(pieceOf(0, 5));
  });

  test.each(['before', 'after'] as const)('whose add failed %s its effect is added by the next try', async (kind) => {
    const inner = new MemoryBlobStore();
    let failures = 1;
    const archive = new LogArchive(
      new FaultyBlobStore(inner, (operation) => (operation === 'putIfAbsent' && failures-- > 0 ? { kind } : undefined)),
    );
    await expect(archive.add(pieceOf(0, 5))).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    await archive.add(pieceOf(0, 5));
    expect(await archive.read(0)).toEqual(pieceOf(0, 5));
  });

  test('that is there cut off is not taken for the same', async () => {
    const blobs = new MemoryBlobStore();
    const archive = new LogArchive(blobs);
    await archive.add(pieceOf(0, 5));
    const key = '00000000000000000000.piece';
    await blobs.put(key, (await blobs.get(key))!.slice(0, -1)); // just added
    await expect(archive.add(pieceOf(0, 5))).rejects.toMatchObject({ code: 'ARCHIVE_FORKED' });
  });

  test('is refused with any bit flipped, cut anywhere, or under another name', async () => {
    const blobs = new MemoryBlobStore();
    const archive = new LogArchive(blobs);
    await archive.add(pieceOf(7, 9));
    const key = '00000000000000000007.piece';
    const good = (await blobs.get(key))!; // just added
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      await blobs.put(key, bad);
      await expect(archive.read(7)).rejects.toMatchObject({
        code: expect.stringMatching(/^ARCHIVE_(DAMAGED|UNSUPPORTED)$/) as string,
      });
    }
    for (let length = 0; length < good.length; length++) {
      await blobs.put(key, good.slice(0, length));
      await expect(archive.read(7)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    }
    await blobs.put('00000000000000000008.piece', good);
    await expect(archive.read(8)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    await expect(archive.readHeader(8)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    await expect(archive.read(9)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED', message: /missing/ });
  });

  test.each([
    { what: 'no transactions', piece: pieceOf(7, 7) },
    { what: 'fewer than none', piece: pieceOf(7, 3) },
  ])('of $what is refused, though its checksum is right', async ({ piece }) => {
    const archive = new LogArchive(new MemoryBlobStore());
    await archive.add({ ...piece, times: [] });
    const damaged = { code: 'ARCHIVE_DAMAGED' };
    await expect(archive.read(7)).rejects.toMatchObject(damaged);
    await expect(archive.readHeader(7)).rejects.toMatchObject(damaged);
  });

  test('is removed when all of it is before a transaction, the oldest first and so many at most', async () => {
    const archive = new LogArchive(new MemoryBlobStore());
    for (const first of [0, 5, 9, 12]) await archive.add(pieceOf(first, first + 3));
    const firsts = async (): Promise<number[]> => {
      const found: number[] = [];
      for await (const first of archive.list()) found.push(first);
      return found;
    };
    expect(await archive.removeBefore(4, 10)).toBe(false);
    expect(await firsts()).toEqual([0, 5, 9, 12]);
    expect(await archive.removeBefore(12, 1)).toBe(true);
    expect(await firsts()).toEqual([5, 9, 12]);
    expect(await archive.removeBefore(12, 10)).toBe(false);
    expect(await firsts()).toEqual([12]);
    // The last one stays whatever is asked for: an archive begins with a transaction.
    expect(await archive.removeBefore(1000, 10)).toBe(false);
    expect(await firsts()).toEqual([12]);
  });

  test('that does not go on where the one before ends is not restored', async () => {
    const archive = new LogArchive(new MemoryBlobStore());
    await archive.add(pieceOf(0, 5));
    await archive.add(pieceOf(6, 9));
    await expect(writePieces(steadyDisk(), CLOG, piecesOf(archive))).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  });
});
