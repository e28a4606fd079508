import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeServer } from './fake-server.ts';
import { ISSUED, TestUser } from './run.ts';

test('servers are listed, added, made the default, edited and removed', async () => {
  await using server = await FakeServer.start({ 'GET /v1/identity/public-key': '-----BEGIN PUBLIC KEY-----\n' });
  const { host } = new URL(server.url);
  const user = new TestUser();
  expect((await user.run(['server', 'add', '--url', server.url, 'test', '--default'])).exitCode).toBe(0);
  expect(
    (await user.run(['server', 'list'])).printed
      .split('\n')
      .map((line) => line.trimEnd())
      .slice(2),
  ).toEqual([
    `         | 127.0.0.1:3000${' '.repeat(host.length - 14)} | http     | local`,
    ` ***     | ${host} | http     | test`,
    '',
  ]);
  expect(user.configText()).toContain('ecdsa_public_key = "-----BEGIN PUBLIC KEY-----"');
  expect((await user.run(['server', 'add', '--url', 'http://other:1', 'test'])).exitCode).toBe(1);
  expect((await user.run(['server', 'remove', 'test'])).noted).toContain('is the default server');
  expect((await user.run(['server', 'edit', 'test', '--new-name', 'mine', '--yes'])).exitCode).toBe(0);
  expect((await user.run(['server', 'edit', 'mine', '--new-name', 'local', '--yes'])).exitCode).toBe(1);
  expect(JSON.parse((await user.run(['server', 'list', '--json'])).printed)).toEqual([
    { default: false, host: '127.0.0.1:3000', protocol: 'http', nickname: 'local' },
    { default: true, host, protocol: 'http', nickname: 'mine' },
  ]);
  expect((await user.run(['server', 'set-default', 'local'])).exitCode).toBe(0);
  expect((await user.run(['server', 'remove', host])).exitCode).toBe(0);
  expect(user.configText()).toBe(
    `default_server = "local"\n\n[[server_configs]]\nnickname = "local"\nhost = "127.0.0.1:3000"\nprotocol = "http"\n`,
  );
  const unknown = await user.run(['server', 'set-default', 'mine']);
  expect(unknown).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('No such saved server configuration: mine'),
  });
});

test('ping tells whether a SpacetimeDB server is there', async () => {
  await using server = await FakeServer.start({ 'GET /v1/ping': '' });
  const user = new TestUser();
  expect((await user.run(['server', 'ping', server.url])).printed).toBe(`Server is online: ${server.url}\n`);
  await using other = await FakeServer.start({ 'GET /v1/ping': { status: 404 } });
  expect(await user.run(['server', 'ping', other.url])).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining(`What answers at ${other.url} does not look like a server`),
  });
  await using busy = await FakeServer.start({ 'GET /v1/ping': { status: 503 } });
  expect((await user.run(['server', 'ping', busy.url])).noted).toContain(`${busy.url} answered 503 to a ping.`);
  expect((await user.run(['server', 'ping', 'ftp://x'])).noted).toContain('is not a server');
});

test('fingerprint saves a key, and asks before it replaces one', async () => {
  let key = '-----BEGIN PUBLIC KEY----- 1';
  await using server = await FakeServer.start({ 'GET /v1/identity/public-key': (response) => response.end(key) });
  const user = new TestUser();
  await user.run(['server', 'add', 'test', '--url', server.url, '--no-fingerprint']);
  expect((await user.run(['server', 'fingerprint', 'test'])).exitCode).toBe(0);
  expect((await user.run(['server', 'fingerprint', 'test'])).printed).toContain('is the saved one');
  key = '-----BEGIN PUBLIC KEY----- 2';
  expect((await user.run(['server', 'fingerprint', 'test'], ['n'])).exitCode).toBe(1);
  expect(user.configText()).toContain('-----BEGIN PUBLIC KEY----- 1');
  expect((await user.run(['server', 'fingerprint', 'test', '-y'])).exitCode).toBe(0);
  expect(user.configText()).toContain('-----BEGIN PUBLIC KEY----- 2');
});

test('clear deletes the data directory after a question, unless a server uses it', async () => {
  const user = new TestUser();
  const folder = join(user.home, '.local', 'share', 'spacetime', 'data');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'metadata.toml'), 'edition = "lightcone"\nversion = "1.0.0"\n');
  writeFileSync(join(folder, 'spacetime.pid'), String(process.pid));
  expect((await user.run(['server', 'clear', '--yes'])).noted).toContain(`A server (process ${process.pid}) uses`);
  writeFileSync(join(folder, 'spacetime.pid'), '999999999');
  expect((await user.run(['server', 'clear'], ['n'])).exitCode).toBe(1);
  expect(existsSync(folder)).toBe(true);
  expect((await user.run(['server', 'clear'], ['y'])).exitCode).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

test.each([
  { what: 'of SpacetimeDB', metadata: 'edition = "standalone"\nversion = "2.8.3"\n' },
  { what: 'of something else', metadata: undefined },
])('clear leaves a folder $what alone, whatever is answered beforehand', async ({ metadata }) => {
  const user = new TestUser();
  const folder = join(user.home, 'precious');
  mkdirSync(folder);
  if (metadata !== undefined) writeFileSync(join(folder, 'metadata.toml'), metadata);
  const run = await user.run(['server', 'clear', '--data-dir', folder, '--yes']);
  expect(run).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('no data directory of Lightcone') as string,
  });
  expect(existsSync(folder)).toBe(true);
});

test('--root-dir and --config-path move the configuration', async () => {
  const user = new TestUser();
  await user.run(['--root-dir', join(user.home, 'root'), 'login', '--token', ISSUED.token]);
  await user.run(['--config-path', join(user.home, 'own.toml'), 'login', '--token', ISSUED.token]);
  expect(existsSync(join(user.home, 'root', 'config', 'cli.toml'))).toBe(true);
  expect(existsSync(join(user.home, 'own.toml'))).toBe(true);
  expect(existsSync(user.configPath)).toBe(false);
});

test('a configuration that is broken is named and left as it is', async () => {
  const user = new TestUser();
  mkdirSync(join(user.configPath, '..'), { recursive: true });
  writeFileSync(user.configPath, 'default_server = ');
  expect(await user.run(['list'])).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining(`${user.configPath} is not TOML`),
  });
  expect(user.configText()).toBe('default_server = ');
});

test.each([
  { args: ['nonsense'], message: "unknown command 'nonsense'" },
  { args: ['generate'], message: 'Lightcone writes no client bindings' },
  { args: ['generate', 'chat', '-l', 'ts', '-o', 'src', '--yes'], message: '--bin-path <path>' },
  { args: ['generate', '--help'], message: "SpacetimeDB's own command line" },
  { args: ['sql', 'chat'], message: "missing required argument 'query'" },
  { args: ['sql', 'chat', 'a', '--nonsense'], message: "unknown option '--nonsense'" },
  { args: ['publish', 'chat'], message: 'there is no module in' },
  { args: ['start', '--nonsense'], message: "unknown option '--nonsense'" },
  { args: ['start', '--jwt-pub-key-path', 'a'], message: 'must be given together' },
  { args: ['list', '--yes=everything'], message: 'found "everything"' },
  { args: ['logs', 'chat', '--level', 'loud'], message: "argument 'loud' is invalid" },
])('$args ends with 1 and says why', async ({ args, message }) => {
  expect(await new TestUser().run(args)).toMatchObject({
    exitCode: 1,
    printed: '',
    noted: expect.stringContaining(`Error: `),
  });
  expect((await new TestUser().run(args)).noted).toContain(message);
});

test.each([['--help'], ['--version'], ['sql', '--help'], ['version']])('%s %s ends with 0', async (...args) => {
  expect(await new TestUser().run(args.filter((arg) => arg !== ''))).toMatchObject({ exitCode: 0, noted: '' });
});
