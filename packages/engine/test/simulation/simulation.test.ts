// Many clients, and a database that dies at any moment, in a world that follows from a seed. `LIGHTCONE_SIMULATION_RUNS`
// sets how many seeds are tried, `LIGHTCONE_SIMULATION_SEED` the first.
import { expect, test } from 'vitest';
import { Campaign } from './campaign.ts';

const runs = Number(process.env['LIGHTCONE_SIMULATION_RUNS'] ?? 30);
const firstSeed = Number(process.env['LIGHTCONE_SIMULATION_SEED'] ?? 1);

test.each([
  { world: 'kills and losses of power', breaksDisks: false },
  { world: 'failing and full disks, too', breaksDisks: true },
])(
  'what clients were told has one order that explains it: $world',
  { timeout: 60_000 + runs * 10_000 },
  async ({ breaksDisks }) => {
    let transactions = 0;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const report = await Campaign.run({ seed, breaksDisks });
      transactions += report.transactions;
    }
    expect(transactions).toBeGreaterThan(30 * runs);
  },
);

test('the same seed gives the same history, to the last answer', async () => {
  const seed = firstSeed;
  const first = await Campaign.run({ seed, breaksDisks: true });
  expect(await Campaign.run({ seed, breaksDisks: true })).toEqual(first);
  expect(await Campaign.run({ seed: seed + 1, breaksDisks: true })).not.toEqual(first);
});
