// Devices that diverge in every way, and must come together: see scenario.ts. `LIGHTCONE_CONVERGENCE_RUNS` sets how many
// seeds are tried, `LIGHTCONE_CONVERGENCE_SEED` the first.
import { expect, test } from 'vitest';
import { runScenario } from './scenario.ts';
import type { ScenarioFacts } from './scenario.ts';

const runs = Number(process.env['LIGHTCONE_CONVERGENCE_RUNS'] ?? 2000);
const firstSeed = Number(process.env['LIGHTCONE_CONVERGENCE_SEED'] ?? 1);
const PARTS = 4;

test.each(Array.from({ length: PARTS }, (_, part) => part))(
  `in ${runs} scenarios all devices end with the tables of the naive model, part %i of 0 to ${PARTS - 1}`,
  async (part) => {
    const sum = { changes: 0, syncs: 0, failures: 0, crashes: 0, packs: 0, deleted: 0 };
    for (let seed = firstSeed + part; seed < firstSeed + runs; seed += PARTS) {
      let facts: ScenarioFacts;
      try {
        facts = await runScenario(seed);
      } catch (error) {
        throw new Error(`seed ${seed}: LIGHTCONE_CONVERGENCE_SEED=${seed} LIGHTCONE_CONVERGENCE_RUNS=1`, {
          cause: error,
        });
      }
      for (const name of Object.keys(sum) as (keyof ScenarioFacts)[]) sum[name] += facts[name];
    }
    if (runs >= 100 * PARTS) for (const count of Object.values(sum)) expect(count).toBeGreaterThan(runs / PARTS / 10);
  },
  Math.max(60_000, runs * 300),
);
