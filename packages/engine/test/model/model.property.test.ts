import { fc, test as property } from '@fast-check/vitest';
import { afterAll, expect, test } from 'vitest';
import { Choices } from './choices.ts';
import { DatabaseUnderTest, RESTARTS } from './database-under-test.ts';
import { ENDINGS } from './interpreter.ts';
import { ModelRun, type Step } from './model-run.ts';
import { OPERATIONS } from './operations.ts';
import { TABLES } from './tables.ts';

/** One run is some 750 operations. */
const numRuns = Number(process.env['LIGHTCONE_MODEL_RUNS'] ?? 180);
const MAX_RUN_MS = 10_000;
const MIN_OPERATIONS = 100_000;

const seed = fc.integer();
const weights: Readonly<Record<(typeof OPERATIONS)[number], number>> = {
  insert: 80,
  insertSimilar: 40,
  insertMany: 1,
  update: 20,
  updateExisting: 40,
  deleteByValue: 20,
  point: 30,
  range: 40,
  scan: 15,
  openScan: 10,
  count: 15,
  deleteByPoint: 15,
  deleteByRange: 15,
  clear: 5,
  mistake: 15,
};
const kind = fc.oneof(...OPERATIONS.map((name) => ({ weight: weights[name], arbitrary: fc.constant(name) })));
const operation = fc.record({ kind, table: fc.nat(TABLES.length - 1), seed });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      tag: fc.constant('call' as const),
      operations: fc.noBias(fc.array(operation, { minLength: 1, maxLength: 24, size: 'max' })),
      ending: fc.oneof(
        { weight: 8, arbitrary: fc.constant('ok' as const) },
        fc.constantFrom(...ENDINGS.filter((each) => each !== 'endless')),
      ),
    }),
  },
  { weight: 12, arbitrary: fc.record({ tag: fc.constant('sql' as const), table: fc.nat(TABLES.length - 1), seed }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constant('restart' as const), how: fc.constantFrom(...RESTARTS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      tag: fc.constant('powerFailure' as const),
      seeds: fc.array(seed, { maxLength: 6 }),
      steps: fc.nat(24),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ tag: 'endless' as const }) },
);

let operations = 0;

property.prop([fc.noBias(fc.array(step, { minLength: 1, maxLength: 160, size: 'max' })), seed], { numRuns })(
  'whatever happens to it, the database answers as maps and linear scans do',
  async (steps, diskSeed) => {
    const choices = new Choices(diskSeed);
    const run = await ModelRun.start(() => choices.below(2 ** 30) / 2 ** 30);
    try {
      for (const each of steps) await run.step(each);
      await run.expectSameEverywhere();
    } finally {
      operations += run.operations;
      await run.close();
    }
  },
  numRuns * MAX_RUN_MS,
);

test.runIf(process.env['LIGHTCONE_MODEL_RUNS'] === undefined)('that were a hundred thousand operations', () => {
  expect(operations).toBeGreaterThanOrEqual(MIN_OPERATIONS);
  expect(DatabaseUnderTest.startsFromSnapshots).toBeGreaterThan(20);
});

afterAll(() => {
  // oxlint-disable-next-line no-console -- the number is what the run is for
  console.log(`${operations} operations, ${DatabaseUnderTest.startsFromSnapshots} starts from snapshots`);
});
