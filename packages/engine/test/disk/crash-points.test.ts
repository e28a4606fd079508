// A small history, ended at every point at which it can be: between any two changes of the disk, and in every write after
// every byte.
import { DiskJournal, SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { expect, test } from 'vitest';
import { DatabaseOnDisk } from './database-on-disk.ts';

const TRANSACTIONS = 5;

test(
  'wherever its program ends, a database has the first transactions, whole, and all that were durable',
  { timeout: 240_000 },
  async () => {
    const journal = new DiskJournal(new SimulatedDisk(seededRandom(1)));
    const original = await DatabaseOnDisk.create(journal);
    // The mark says how many transactions were promised, the making of the database being the first.
    journal.mark = 1;
    const made = journal.length;
    for (let k = 0; k < TRANSACTIONS; k++) {
      await original.insert(k);
      journal.mark = k + 2;
    }
    let points = 0;
    const found = new Set<number>();
    for (const { disk, during, mark } of journal.crashPoints()) {
      points++;
      const count = await DatabaseOnDisk.open(disk).then(
        (database) => database.count() + 1,
        (error: unknown) => {
          if ((error as { code?: string }).code === 'ENGINE_NO_DATABASE') return 0;
          throw new Error(`${during}: ${(error as Error).message}`, { cause: error });
        },
      );
      expect(count, during).toBeGreaterThanOrEqual(mark);
      expect(count, during).toBeLessThanOrEqual(TRANSACTIONS + 1);
      found.add(count);
    }
    expect(made).toBeGreaterThan(0);
    expect(points).toBeGreaterThan(2000);
    expect([...found].toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  },
);
