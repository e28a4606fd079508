import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@lightcone/server';
import { beforeEach, expect, test } from 'vitest';
import { formatSalvage } from '../src/output/directory-report.ts';
import { TestUser } from './run.ts';

let user: TestUser;
let dataDir: string;
beforeEach(async () => {
  user = new TestUser();
  dataDir = join(user.home, 'data');
  await (await startServer({ listenAddress: '127.0.0.1:0', dataDir })).close();
});

test('a sound data directory: one line says so', async () => {
  expect(await user.run(['verify', dataDir])).toEqual({
    exitCode: 0,
    printed: `${dataDir}: sound, 0 warnings, 0 notes\n`,
    noted: '',
  });
  const json = JSON.parse((await user.run(['verify', dataDir, '--json'])).printed) as unknown;
  expect(json).toEqual({ isSound: true, path: dataDir, findings: [], replicas: [] });
});

test.each([
  { what: 'is not there', keyDir: () => join(user.home, 'missing') },
  { what: 'is no folder', keyDir: () => join(dataDir, 'id_ecdsa') },
  { what: 'has no keys in it', keyDir: () => mkdirSync(join(user.home, 'no-keys'), { recursive: true })! },
])('a folder of keys that $what is refused', async ({ what, keyDir }) => {
  const folder = keyDir();
  expect(await user.run(['verify', dataDir, '--jwt-key-dir', folder])).toEqual({
    exitCode: 1,
    printed: '',
    noted: expect.stringContaining(`${folder} ${what}: expected the folder of --jwt-key-dir`) as string,
  });
});

test('a damaged one ends with 1, says what is wrong, and what to do', async () => {
  writeFileSync(join(dataDir, 'control.sqlite'), 'hello');
  const run = await user.run(['verify', dataDir]);
  expect(run.exitCode).toBe(1);
  expect(run.printed).toContain('DAMAGED in 1 place, 0 warnings');
  expect(run.printed).toContain('damage CONTROL_CORRUPT: control.sqlite\n');
  expect(run.noted).toContain('--salvage');
});

test('--salvage writes another data directory and leaves the first as it is', async () => {
  const target = join(user.home, 'saved');
  const run = await user.run(['verify', dataDir, '--salvage', target]);
  expect(run.exitCode, run.noted).toBe(0);
  expect(run.printed).toContain(`Written to ${target}, and verified:`);
  expect((await user.run(['verify', target])).exitCode).toBe(0);
});

test.each([
  { what: 'the control database', file: 'control.sqlite', damage: 'hello', says: 'locks and energy are gone' },
  { what: 'the configuration', file: 'config.toml', damage: 'a = [\n', says: 'config.toml does not read' },
])('what is left out, as $what, is said and the exit code tells', async ({ file, damage, says }) => {
  writeFileSync(join(dataDir, file), damage);
  const target = join(user.home, 'saved');
  const run = await user.run(['verify', dataDir, '--salvage', target]);
  expect(run.exitCode).toBe(1);
  expect(run.printed).toContain(says);
  expect(run.printed).not.toContain('\\n');
  expect(run.noted).toContain('Not everything');
  expect(readFileSync(join(dataDir, file), 'utf8')).toBe(damage);
  expect((await user.run(['verify', target])).exitCode).toBe(0);
});

test('one is one', async () => {
  rmSync(join(dataDir, 'metadata.toml'));
  expect((await user.run(['verify', dataDir])).printed).toContain(': sound, 1 warning, 0 notes\n');
});

test.each([
  { firstTxOffset: 0, endTxOffset: 7, says: 'transactions 0 to 6, everything' },
  { firstTxOffset: 3, endTxOffset: 7, says: 'transactions 3 to 6, and a snapshot of those before, everything' },
  { firstTxOffset: 7, endTxOffset: 7, says: 'a snapshot of transactions 0 to 6, everything' },
  { firstTxOffset: 0, endTxOffset: 5, says: 'transactions 0 to 4, without the 2 behind them' },
])('what was saved is said with where it is: $says', ({ firstTxOffset, endTxOffset, says }) => {
  const database = { identity: 'c2', names: ['chat'], replica: 1, firstTxOffset, endTxOffset, oldEndTxOffset: 7 };
  expect(formatSalvage({ databases: [database], lost: [], notes: [] }, 'saved')).toContain(`(c2): ${says}\n`);
});

test('without a folder it is that of `start`; what is none is refused', async () => {
  const run = await user.run(['verify']);
  expect(run).toMatchObject({ exitCode: 1, printed: '' });
  expect(run.noted).toContain(join(user.home, '.local', 'share', 'spacetime', 'data'));
});

test.each(['verify', 'import'])(
  '%s of a folder that is not there says so, and what is expected there',
  async (command) => {
    const absent = join(user.home, 'absent');
    const run = await user.run([command, absent]);
    expect(run).toMatchObject({
      exitCode: 1,
      noted: expect.stringContaining(`${absent} is not there: expected the data directory of `),
    });
    expect(run.noted).not.toContain('ENOENT');
    const file = await user.run([command, join(dataDir, 'config.toml')]);
    expect(file).toMatchObject({ exitCode: 1, noted: expect.stringContaining('config.toml is no folder: expected') });
  },
);
