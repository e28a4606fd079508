import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@lightcone/server';
import { expect, test } from 'vitest';
import { commitsOf, writeSpacetimeDirectory } from '../../server/test/spacetimedb-directory.ts';
import { TestUser } from './run.ts';

const program = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));

test('what came over is said, in words and as JSON; without --data-dir it is where `start` looks', async () => {
  const user = new TestUser();
  const ours = join(user.home, 'ours');
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: ours });
  const published = await fetch(`${server.url}/v1/database/people`, { method: 'PUT', body: program });
  expect(published.status).toBe(200);
  await server.close();
  const source = join(user.home, 'theirs');
  const commits = await commitsOf(join(ours, 'replicas/1/clog'));
  await writeSpacetimeDirectory(source, [{ replica: 3, segments: [{ commits, form: 'compressed' }] }]);

  const run = await user.run(['import', source]);
  expect(run, run.noted).toMatchObject({ exitCode: 0, noted: '' });
  const target = join(user.home, '.local', 'share', 'spacetime', 'data');
  expect(run.printed).toContain(`Imported into ${target}, and verified: 1 database\n`);
  expect(run.printed).toMatch(/\nreplicas\/3: no name\n {2}identity [0-9a-f]{64}\n {2}owner {4}[0-9a-f]{64}\n/);
  expect(run.printed).toContain('  2 tables with 1 rows, transactions 0 to ');
  expect(run.printed).toContain('warning IMPORT_NAMES_LEFT_OUT: control-db\n');
  const identity = /identity ([0-9a-f]{64})/.exec(run.printed)?.[1] ?? '';
  expect((await user.run(['verify'])).printed).toMatch(/: sound, 0 warnings, 0 notes\n/);

  const named = ['--name', `${identity}=people`, '--name', `${identity}=folk`];
  const again = await user.run(['import', source, '--data-dir', join(user.home, 'second'), ...named, '--json']);
  expect(again.exitCode, again.noted).toBe(0);
  expect(JSON.parse(again.printed)).toMatchObject({
    databases: [{ identity, names: ['people', 'folk'] }],
    findings: [],
  });

  const taken = await user.run(['import', source]);
  expect(taken).toMatchObject({ exitCode: 1, noted: expect.stringContaining('there is something in it') });
});

test.each(['people', 'abc=people', `${'ab'.repeat(32)}=`])('--name %s is refused', async (name) => {
  const run = await new TestUser().run(['import', 'somewhere', '--name', name]);
  expect(run).toMatchObject({ exitCode: 1, noted: expect.stringContaining('expected an identity of 64 hex digits') });
});

test('a folder that is none is refused', async () => {
  const user = new TestUser();
  const run = await user.run(['import', user.home]);
  expect(run).toMatchObject({ exitCode: 1, noted: expect.stringContaining('has no metadata.toml') });
});
