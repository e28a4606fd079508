import { expect, test } from 'vitest';
import { CommitLog, CommitLogError } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/simulated-disk.ts';
import { FOLDER, appendRecords, countRecords } from './log-content.ts';

const RUNS = Number(process.env['LIGHTCONE_CRASH_RUNS'] ?? 150);
const OPTIONS = { maxSegmentBytes: 3000 };

/**
 * One life of a log after another on the same disk, each ended by a loss of power, a kill or a failing disk, at any
 * operation. What was reported durable must be there in the next life, and what is there must be what was appended.
 */
async function liveAndDie(seed: number, lives: number): Promise<void> {
  const random = seededRandom(seed);
  const upTo = (count: number): number => Math.floor(random() * count);
  const disk = new SimulatedDisk(random);
  let durable = 0;
  let removedBefore = 0;
  for (let life = 0; life < lives; life++) {
    disk.powerOffAt(disk.operations + upTo(40));
    if (upTo(3) === 0)
      disk.failAfter(
        (['write', 'datasync', 'truncate', 'rename', 'syncFolder'] as const)[upTo(5)] ?? 'write',
        upTo(10),
      );
    try {
      const log = await CommitLog.open(disk, FOLDER, OPTIONS);
      log.onDurable((offset) => (durable = Math.max(durable, offset + 1)));
      const found = await countRecords(log, 900, log.firstTxOffset);
      if (found < durable) throw new Error(`${durable} records were durable, ${found} are there`);
      if (log.firstTxOffset > removedBefore) throw new Error(`the log begins with ${log.firstTxOffset}`);
      durable = found;
      for (let step = 0; step < 20; step++) {
        appendRecords(log, upTo(8), 900);
        if (upTo(2) === 0) log.flush();
        else await log.sync();
        if (upTo(8) === 0) log.beginSegment();
        if (upTo(8) === 0) {
          removedBefore = Math.max(removedBefore, upTo(log.durableOffset + 2));
          await log.removeBefore(removedBefore).catch(passOverFailedRemoval);
        }
      }
      await log.close();
    } catch (error) {
      if (!(error instanceof CommitLogError) || !['LOG_WRITE_FAILED', 'LOG_DISK_FULL'].includes(error.code))
        throw error;
    }
    if (upTo(3) === 0) disk.killProgram();
    else disk.losePower();
  }
  await using log = await CommitLog.open(disk, FOLDER, OPTIONS);
  const found = await countRecords(log, 900, log.firstTxOffset);
  if (found < durable) throw new Error(`${durable} records were durable, ${found} are there`);
}

/** The log goes on after it. */
function passOverFailedRemoval(error: unknown): void {
  if (!(error instanceof CommitLogError) || error.code !== 'LOG_REMOVAL_FAILED') throw error;
}

test(`[LOG-3] after ${RUNS} x 8 crashes every durable record is there, and nothing else than what was appended`, async () => {
  const first = Number(process.env['LIGHTCONE_CRASH_SEED'] ?? 1);
  for (let seed = first; seed < first + RUNS; seed++) {
    await expect(liveAndDie(seed, 8), `seed ${seed}`).resolves.toBeUndefined();
  }
});
