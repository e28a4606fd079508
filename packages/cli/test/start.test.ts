import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { TestUser } from './run.ts';
import { TestTerminal } from './test-terminal.ts';

test('start takes repeated options, says where it listens, answers, and stops', async () => {
  const user = new TestUser();
  const terminal = new TestTerminal(user.home);
  const listening = new Promise<string>((resolve) => {
    terminal.onPrint = (line) => {
      const [, address] = /Starting SpacetimeDB listening on (127\.0\.0\.1:\d+)$/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    };
  });
  const args = ['--in-memory', '--listen-addr', 'no address', '--listen-addr', '127.0.0.1:0', '--enable-tracy'];
  const run = runCli(
    ['start', '--edition', 'standalone', '--data-dir', user.home, ...args, '--non-interactive'],
    terminal,
  );
  const address = await Promise.race([listening, run]);
  expect(address, terminal.noted).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect((await user.run(['server', 'ping', `http://${address}`])).exitCode).toBe(0);
  terminal.stop();
  expect(await run).toBe(0);
  // In memory means that no file is touched, not even where --data-dir says.
  expect(readdirSync(user.home)).toEqual([]);
});

test.each(['0', '1023', '65535', '99999', 'http', '5432x', '-1'])('--pg-port %s is refused', async (port) => {
  const user = new TestUser();
  const result = await user.run(['start', '--in-memory', '--listen-addr', '127.0.0.1:0', `--pg-port=${port}`]);
  expect(result).toMatchObject({ exitCode: 1, noted: expect.stringContaining('expected a port from 1024 to 65534') });
});

test('a port that is taken is named, with how to choose another', async () => {
  const user = new TestUser();
  const terminal = new TestTerminal(user.home);
  const listening = new Promise<string>((resolve) => {
    terminal.onPrint = (line) => {
      if (line.startsWith('Starting')) resolve(line.split(' ').at(-1) ?? '');
    };
  });
  const run = runCli(['start', '--in-memory', '--listen-addr', '127.0.0.1:0'], terminal);
  const address = await listening;
  const second = await user.run(['start', '--in-memory', '--listen-addr', address]);
  expect(second).toMatchObject({ exitCode: 1, noted: expect.stringContaining('is taken by another program') });
  expect(second.noted).toContain('--listen-addr');
  terminal.stop();
  await run;
});

test('an archive that is none is refused before anything is made', async () => {
  const user = new TestUser();
  const dataDir = join(user.home, 'data');
  const result = await user.run([
    'start',
    '--data-dir',
    dataDir,
    '--listen-addr',
    '127.0.0.1:0',
    '--archive',
    'ftp://x',
  ]);
  const message = 'the archive has no usable location: "ftp://x": expected s3://bucket/prefix or a folder';
  expect(result).toMatchObject({ exitCode: 1, noted: expect.stringContaining(message) });
  expect(readdirSync(user.home)).toEqual([]);
});

test('the folder of a program that embeds a database is refused, and nothing is written to it', async () => {
  const user = new TestUser();
  const folder = join(user.home, 'embedded');
  mkdirSync(join(folder, 'snapshots'), { recursive: true });
  writeFileSync(join(folder, '00000000000000000000.stdb.log'), '');
  const refusal = `${folder} is no data directory of a server: the log of one database lies in it`;
  for (const args of [
    ['start', '--listen-addr', '127.0.0.1:0', '--data-dir', folder],
    ['verify', folder],
  ]) {
    expect(await user.run(args)).toMatchObject({ exitCode: 1, noted: expect.stringContaining(refusal) });
  }
  expect(readdirSync(folder)).toEqual(['00000000000000000000.stdb.log', 'snapshots']);
});
