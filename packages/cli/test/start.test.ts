import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Lightcone } from '@lightcone/engine/node';
import { expect, test } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { ISSUED, TestUser } from './run.ts';
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
  const message = '--archive: "ftp://x": expected s3://bucket/prefix or a folder';
  expect(result).toMatchObject({ exitCode: 1, noted: expect.stringContaining(message) });
  expect(readdirSync(user.home)).toEqual([]);
});

test('the folder of a program that embeds a database is refused, and nothing is written to it', async () => {
  const user = new TestUser();
  const folder = join(user.home, 'embedded');
  const chat = join(import.meta.dirname, '../../../modules/quickstart-chat/quickstart-chat.wasm');
  await (await Lightcone.open({ module: chat, dataDir: folder })).close();
  const names = readdirSync(folder);
  const refusal = `${folder} is no data directory of a server: the log of one database lies in it`;
  for (const args of [
    ['start', '--listen-addr', '127.0.0.1:0', '--data-dir', folder],
    ['verify', folder],
  ]) {
    expect(await user.run(args)).toMatchObject({ exitCode: 1, noted: expect.stringContaining(refusal) });
  }
  expect(readdirSync(folder)).toEqual(names);
});

test.each([
  {
    what: 'a file for the folder of keys',
    args: (file: string) => ['--jwt-key-dir', file],
    says: /file\/id_ecdsa and .*ENOTDIR.*--jwt-key-dir/u,
  },
  {
    what: 'a folder for a key',
    args: (file: string) => ['--jwt-priv-key-path', dirname(file), '--jwt-pub-key-path', file],
    says: /expected the PEM files of one ECDSA P-256 pair.*EISDIR/u,
  },
  {
    what: 'one port for two',
    args: () => ['--listen-addr', '127.0.0.1:23971', '--pg-port', '23971'],
    says: /--pg-port 23971 is the port of --listen-addr, too/u,
  },
])('start with $what is refused, with the option', async ({ args, says }) => {
  const user = new TestUser();
  const file = join(user.home, 'file');
  writeFileSync(file, '');
  const options = ['--data-dir', join(user.home, 'data'), '--listen-addr', '127.0.0.1:0'];
  const result = await user.run(['start', ...options, ...args(file)]);
  expect(result).toMatchObject({ exitCode: 1, noted: expect.stringMatching(says) });
});

test('the data directory of SpacetimeDB is refused, with the way to take it over', async () => {
  const user = new TestUser();
  writeFileSync(join(user.home, 'metadata.toml'), 'version = "2.8.3"\nedition = "standalone"\n');
  const result = await user.run(['start', '--listen-addr', '127.0.0.1:0', '--data-dir', user.home]);
  const wayOut = `\`spacetime import ${user.home} --data-dir <new folder>\` takes it over`;
  expect(result).toMatchObject({ exitCode: 1, noted: expect.stringContaining(wayOut) });
});

test('a configuration that cannot be read, or written, is named with the way out', async () => {
  const user = new TestUser();
  writeFileSync(join(user.home, 'file'), '');
  const unreadable = await user.run(['--config-path', join(user.home, 'file', 'cli.toml'), 'server', 'list']);
  expect(unreadable).toMatchObject({ exitCode: 1, noted: expect.stringContaining('cli.toml cannot be read: ENOTDIR') });
  expect(unreadable.noted).toContain('--config-path');
  const unwritable = await user.run(['--config-path', '/dev/null/cli.toml', 'login', '--token', ISSUED.token]);
  expect(unwritable).toMatchObject({ exitCode: 1, noted: expect.stringContaining('--config-path') });
});
