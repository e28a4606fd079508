import { CommitLog } from '../src/index.ts';
import type { CommitLogOptions, FileSystem } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/simulated-disk.ts';

export const FOLDER = 'db';
export const SEGMENT_0 = `${FOLDER}/clog/00000000000000000000.stdb.log`;

/** A record that a reader can take apart and check: its length, then a byte pattern that its tx offset decides. */
export function recordOf(txOffset: number, length: number): Uint8Array {
  const record = new Uint8Array(4 + length);
  new DataView(record.buffer).setUint32(0, length, true);
  for (let i = 0; i < length; i++) record[4 + i] = txOffset * 31 + i;
  return record;
}

/** Appends `count` records of at most `maxLength` bytes; returns the next tx offset. */
export function appendRecords(log: CommitLog, count: number, maxLength = 20): number {
  for (let i = 0; i < count; i++) {
    const record = recordOf(log.nextTxOffset, (log.nextTxOffset * 7) % (maxLength + 1));
    log.append(record, 0, record.length);
  }
  return log.nextTxOffset;
}

/**
 * Replays the log, checks that the records are those of `appendRecords`, without a gap from tx offset `first` on, and
 * returns the tx offset behind them: their count, if the first one is 0.
 */
export async function countRecords(log: CommitLog, maxLength = 20, first = 0): Promise<number> {
  let next = first;
  await log.replay((minTxOffset, count, bytes, start, end) => {
    if (minTxOffset !== next) throw new Error(`expected tx offset ${next}, got ${minTxOffset}`);
    let at = start;
    for (; next < minTxOffset + count; next++) {
      const record = recordOf(next, (next * 7) % (maxLength + 1));
      const found = bytes.subarray(at, at + record.length);
      if (found.some((byte, i) => byte !== record[i])) throw new Error(`record ${next} is not what was appended`);
      at += record.length;
    }
    if (at !== end) throw new Error(`the commit of ${minTxOffset} has ${end - at} bytes too many`);
  }, first);
  return next;
}

/** Opens, replays and closes: the count of records in a log. */
export async function reopenAndCount(fs: FileSystem, options: CommitLogOptions = {}): Promise<number> {
  await using log = await CommitLog.open(fs, FOLDER, options);
  return await countRecords(log);
}

export function steadyDisk(): SimulatedDisk {
  return new SimulatedDisk(seededRandom(1));
}

/** A disk with a log of the given commits, each of so many records; returns where each commit ends in its segment. */
export async function diskWithCommits(
  counts: readonly number[],
  options: CommitLogOptions = {},
): Promise<SimulatedDisk> {
  const disk = steadyDisk();
  await using log = await CommitLog.open(disk, FOLDER, options);
  for (const count of counts) {
    appendRecords(log, count);
    await log.sync();
  }
  return disk;
}

/** The paths of the segments, oldest first. */
export async function segmentPaths(disk: SimulatedDisk): Promise<string[]> {
  const names = await disk.list(`${FOLDER}/clog`);
  return names
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => `${FOLDER}/clog/${name}`);
}

/** A disk with the files of another, so that each case starts from the same. */
export async function copyOf(disk: SimulatedDisk): Promise<SimulatedDisk> {
  const copy = steadyDisk();
  for (const name of await disk.list(`${FOLDER}/clog`)) {
    copy.place(`${FOLDER}/clog/${name}`, disk.contentOf(`${FOLDER}/clog/${name}`));
  }
  return copy;
}
