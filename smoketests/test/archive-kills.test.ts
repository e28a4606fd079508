// A server that is killed while it archives leaves an archive from which everything comes back that is in it.
// `LIGHTCONE_KILL_RUNS` sets how often it is killed for each kind of archive, `LIGHTCONE_KILL_SEED` the seed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@lightcone/commitlog/testing';
import { expect, test } from 'vitest';
import { ArchiveKillCampaign, type ArchiveKillReport } from '../src/archive-kill-campaign.ts';
import { isMissing } from '../src/needs.ts';
import { S3Server, VERSITYGW } from '../src/s3-server.ts';

const kills = Number(process.env['LIGHTCONE_KILL_RUNS'] ?? 8);
const seed = Number(process.env['LIGHTCONE_KILL_SEED'] ?? 1);
/** One goes on over all kills; one more if it was killed before anything was in the first. */
const COPIES = expect.toSatisfy((copies: number) => copies === 1 || copies === 2) as number;
const timeout = 60_000 + 15_000 * kills;

test(`${kills} kills while a folder is the archive leave it whole`, { timeout }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightcone-archive-'));
  try {
    const report = await ArchiveKillCampaign.run(join(folder, 'archive'), {}, seed, seededRandom(seed), kills);
    expect(report).toMatchObject({ kills, copies: COPIES });
    mustHaveWorked(report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.skipIf(isMissing(VERSITYGW))(
  `${kills} kills while a bucket is the archive leave it whole`,
  { timeout },
  async () => {
    await using s3 = await S3Server.start();
    const location = `s3://${s3.bucket}/archive`;
    const report = await ArchiveKillCampaign.run(location, s3.env, seed, seededRandom(seed + 1000), kills);
    expect(report).toMatchObject({ kills, copies: COPIES });
    mustHaveWorked(report);
  },
);

function mustHaveWorked(report: ArchiveKillReport): void {
  // oxlint-disable-next-line no-console -- what a long campaign has done is its result
  console.table([report]);
  expect(report.confirmed).toBeGreaterThan(0);
  expect(report.lastTxOffset).toBeGreaterThan(0);
}
