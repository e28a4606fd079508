// A restore that is killed leaves the database as it was, or as it was restored, and another one goes through.
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { seededRandom } from '@lightcone/commitlog/testing';
import { expect, test } from 'vitest';
import { restore } from '../src/copies/index.ts';
import { startServer } from '../src/index.ts';
import { isSound, verifyDataDirectory } from '../src/verification/index.ts';
import { newUser, programs, publish, sql } from './fixtures.ts';

const script = fileURLToPath(new URL('killed-restore.ts', import.meta.url));
const seed = Number(process.env['LIGHTCONE_KILL_SEED'] ?? 1);
/** Kills on the way to the last operations, before each of which there is one. */
const EARLY_KILLS = 3;
const LATE_KILLS = 9;

test(
  'a restore that is killed at any step leaves the old or the new database whole',
  { timeout: 120_000 },
  async () => {
    await using work = await temporaryFolder();
    const [archive, lost, former] = ['archive', 'lost', 'former'].map((name) => join(work.path, name)) as [string, string, string]; // prettier-ignore
    const store = new FolderBlobStore(archive);
    {
      await using server = await startServer({
        listenAddress: '127.0.0.1:0',
        dataDir: lost,
        archive,
        keyDir: work.path,
      });
      const owner = await newUser(server.url);
      await publish(server.url, 'people', owner, programs.person);
      for (let id = 1; id <= 5; id++) await sql(server.url, 'people', owner, `INSERT INTO person (id, name, age) VALUES (${id}, 'name ${id}', 1)`); // prettier-ignore
    }
    const [whole] = await restore({ store, target: { kind: 'latest' }, dataDir: join(work.path, 'whole') });
    const target = { kind: 'offset', txOffset: whole!.lastTxOffset - 8 } as const; // there is one database
    await restore({ store, target, dataDir: former });
    const [before, after] = [await rowsIn(former), await rowsIn(join(work.path, 'whole'))];
    expect(before).toBeLessThan(after);

    const killed = async (killAt: number): Promise<{ readonly dataDir: string; readonly output: string }> => {
      const dataDir = join(work.path, `killed ${killAt}`);
      await cp(former, dataDir, { recursive: true });
      const args = ['--conditions=lightcone-source', script, archive, dataDir, String(killAt)];
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      const isEnded = killAt === 0 ? status === 0 : signal === 'SIGKILL';
      if (!isEnded) throw new Error(`before operation ${killAt}: ended with ${signal ?? status}: ${stderr}`);
      return { dataDir, output: stdout };
    };
    const operations = Number((await killed(0)).output);
    const random = seededRandom(seed);
    const early = Array.from({ length: EARLY_KILLS }, () => 1 + Math.floor(random() * (operations - LATE_KILLS)));
    const late = Array.from({ length: LATE_KILLS }, (_, i) => operations - i);
    const seen = new Set<number>();
    for (const killAt of new Set([...early, ...late])) {
      const { dataDir } = await killed(killAt);
      const found = await rowsIn(dataDir);
      expect([before, after], `killed before operation ${killAt} of ${operations}`).toContain(found);
      seen.add(found);
      await restore({ store, target: { kind: 'latest' }, dataDir, replace: true });
      expect(await rowsIn(dataDir)).toBe(after);
      expect((await readdir(dataDir)).filter((name) => name.endsWith('.new'))).toEqual([]);
      await rm(dataDir, { recursive: true });
    }
    // Some kills come before the new one is registered and some after it: otherwise too little was tried.
    expect(seen).toEqual(new Set([before, after]));
  },
);

/** Of the database that is registered, which must be sound. */
async function rowsIn(dataDir: string): Promise<number> {
  const report = await verifyDataDirectory(dataDir);
  expect(report.findings.filter(({ severity }) => severity === 'damage')).toEqual([]);
  expect(isSound(report)).toBe(true);
  const registered = report.replicas.filter(({ names }) => names.includes('people'));
  expect(registered).toHaveLength(1);
  return registered[0]!.tables.find(({ name }) => name === 'person')!.rows; // of the module
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'lightcone-restore-kills-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
