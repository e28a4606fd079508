import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import { SimulatedDisk, seededRandom } from '../src/testing/index.ts';
import { FOLDER } from './log-content.ts';

/** A record as publishing a module makes one: binary code, which has bytes that look like anything. */
const program = readFileSync(new URL('../../../modules/tables/tables.wasm', import.meta.url));

test('[LOG-4] a torn commit with programs in it is a torn tail, whatever their bytes look like', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const disk = new SimulatedDisk(seededRandom(seed));
    const log = await CommitLog.open(disk, FOLDER);
    log.append(Uint8Array.of(1, 2, 3), 0, 3);
    await log.sync();
    disk.powerOffAt(disk.operations + 2 + (seed % 4));
    for (let i = 0; i < 1 + (seed % 3); i++) log.append(program, 0, program.length);
    await log.sync().catch(() => {});
    disk.losePower();
    await using again = await CommitLog.open(disk, FOLDER);
    expect(again.nextTxOffset, `seed ${seed}`).toBeGreaterThanOrEqual(1);
  }
});
