// A server that is killed at any moment loses nothing that it confirmed, keeps no half of a transaction, and no order is
// turned round. `LIGHTCONE_KILL_RUNS` sets how often it is killed, `LIGHTCONE_KILL_SEED` the first seed.
import { seededRandom } from '@lightcone/commitlog/testing';
import { expect, test } from 'vitest';
import { KillCampaign } from '../src/kill-campaign.ts';

const kills = Number(process.env['LIGHTCONE_KILL_RUNS'] ?? 200);
const firstSeed = Number(process.env['LIGHTCONE_KILL_SEED'] ?? 1);
/** Servers at work, and being killed, at the same time. */
const SIDE_BY_SIDE = 3;
/** A campaign that is longer gets slow: it looks at everything after every start. */
const KILLS_PER_CAMPAIGN = 25;

test(
  `${kills} kills at random moments lose nothing that was confirmed`,
  { timeout: 60_000 + 5_000 * kills },
  async () => {
    const campaigns = Math.ceil(kills / KILLS_PER_CAMPAIGN);
    const seeds = Array.from({ length: campaigns }, (_, i) => firstSeed + i);
    const reports: Awaited<ReturnType<typeof KillCampaign.run>>[] = [];
    const lanes = Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const left = Math.min(KILLS_PER_CAMPAIGN, kills - (seed - firstSeed) * KILLS_PER_CAMPAIGN);
        reports.push(await KillCampaign.run(seed, seededRandom(seed), left));
      }
    });
    await Promise.all(lanes);
    // oxlint-disable-next-line no-console -- what a long campaign has done is its result
    console.table(reports.map(({ killsDuring, ...rest }) => ({ ...rest, ...killsDuring })));
    expect(reports.reduce((sum, report) => sum + report.kills, 0)).toBe(kills);
    for (const { confirmed } of reports) expect(confirmed).toBeGreaterThan(0);
  },
);
