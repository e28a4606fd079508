import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import type { DiskOperation } from '../src/testing/index.ts';
import { FOLDER, appendRecords, countRecords, diskWithCommits, reopenAndCount } from './log-content.ts';

test.each<DiskOperation>(['list', 'open', 'read'])(
  'when the disk fails to %s, opening or replaying says so, and a later attempt finds everything',
  async (operation) => {
    const disk = await diskWithCommits([3, 4], { maxSegmentBytes: 50 });
    let failures = 0;
    for (let successes = 0; failures === successes; successes++) {
      disk.killProgram();
      disk.failAfter(operation, successes);
      try {
        await using log = await CommitLog.open(disk, FOLDER);
        expect(await countRecords(log)).toBe(7);
      } catch (error) {
        // Also the file to go on with is opened, which is the beginning of writing.
        expect((error as { code: string }).code).toMatch(/^LOG_(READ|WRITE)_FAILED$/);
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(2);
    disk.killProgram();
    expect(await reopenAndCount(disk)).toBe(7);
    await using log = await CommitLog.open(disk, FOLDER);
    await countRecords(log);
    expect(appendRecords(log, 1)).toBe(8);
  },
);
