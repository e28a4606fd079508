import { expect, test } from 'vitest';
import { runScenario } from './scenario.ts';
import type { ScenarioFacts } from './scenario.ts';

const PARTS = 4;

/**
 * Declares the tests of one layout. `LIGHTCONE_CONVERGENCE_RUNS` sets how many seeds are tried, `LIGHTCONE_CONVERGENCE_SEED`
 * the first.
 */
export function testConvergence(layout: 'log' | 'dimple', usualRuns: number): void {
  const runs = Number(process.env['LIGHTCONE_CONVERGENCE_RUNS'] ?? usualRuns);
  const firstSeed = Number(process.env['LIGHTCONE_CONVERGENCE_SEED'] ?? 1);

  test.each(Array.from({ length: PARTS }, (_, part) => part))(
    `in ${runs} scenarios all devices end with the tables of the naive model, layout ${layout}, part %i`,
    async (part) => {
      const sum = { changes: 0, syncs: 0, failures: 0, crashes: 0, packs: 0, deleted: 0 };
      for (let seed = firstSeed + part; seed < firstSeed + runs; seed += PARTS) {
        const facts = await runScenario(seed, layout).catch((cause: unknown): never => {
          const again = `LIGHTCONE_CONVERGENCE_SEED=${seed} LIGHTCONE_CONVERGENCE_RUNS=1`;
          throw new Error(`layout ${layout}, seed ${seed}: ${again}`, { cause });
        });
        for (const name of Object.keys(sum) as (keyof ScenarioFacts)[]) sum[name] += facts[name];
      }
      if (runs < 100 * PARTS) return;
      // That they were no walk in the park.
      const { packs, deleted, ...others } = sum;
      for (const count of Object.values(others)) expect(count).toBeGreaterThan(runs / PARTS / 10);
      if (layout === 'log') expect(Math.min(packs, deleted)).toBeGreaterThan(runs / PARTS / 10);
    },
    Math.max(60_000, runs * 300),
  );
}
