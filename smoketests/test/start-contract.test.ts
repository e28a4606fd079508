// The start of the server as tools expect it that were made for the reference: they run `spacetime start`, or the
// program beside it, with options of their own behind their caller's, and wait for one line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cli } from '../src/cli.ts';
import { call, newPerson, rows } from '../src/http.ts';
import { modulePath } from '../src/modules.ts';
import { freePort } from '../src/free-port.ts';
import { ServerProcess } from '../src/server-process.ts';
import { spacetimeCommand } from '../src/spacetime-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightcone-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `spacetime start` that is to fail. */
async function refused(...args: string[]): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const [program, ...first] = spacetimeCommand;
  const child = spawn(program, [...first, 'start', '--data-dir', join(folder, 'data'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [exitCode]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stderr };
}

test('port 0 takes a free one, one line says which, within 10 s, and the server answers', async () => {
  const startMs = performance.now();
  await using server = await ServerProcess.start();
  expect(performance.now() - startMs).toBeLessThan(10_000);
  const line = `Starting SpacetimeDB listening on ${server.address}`;
  expect(server.output.split('\n').filter((candidate) => candidate.includes(line))).toHaveLength(1);
  expect(server.address).not.toMatch(/:0$/u);
  expect((await fetch(`${server.url}/v1/ping`)).status).toBe(200);
});

test('every option may be repeated, and the last one wins', async () => {
  const [data, keys] = [join(folder, 'last-data'), join(folder, 'last-keys')];
  const pgPort = String(await freePort());
  await using server = await ServerProcess.start({
    args: [
      ['--listen-addr', 'no address', '--listen-addr', '127.0.0.1:0'],
      ['--data-dir', join(folder, 'first-data'), '--data-dir', data],
      ['--jwt-key-dir', join(folder, 'first-keys'), '--jwt-key-dir', keys],
      ['--pg-port', '1', '--pg-port', pgPort],
      ['--page-pool-max-size', '1MiB', '--page-pool-max-size', '64MiB'],
      ['--enable-tracy', '--enable-tracy', '--non-interactive', '--non-interactive'],
    ].flat(),
  });
  expect(server.output).toContain(`PostgreSQL wire protocol on 127.0.0.1:${pgPort}`);
  expect(existsSync(join(data, 'metadata.toml'))).toBe(true);
  expect(existsSync(join(keys, 'id_ecdsa'))).toBe(true);
  for (const other of [server.dataDir, server.keyDir, join(folder, 'first-data'), join(folder, 'first-keys')]) {
    expect(existsSync(other), other).toBe(false);
  }
});

test('keys by their paths win over the folder, the last ones, and in memory nothing else is touched', async () => {
  const keys = join(folder, 'keys');
  await using first = await ServerProcess.start({ args: ['--jwt-key-dir', keys] });
  const person = await newPerson(first);
  const paths = ['--jwt-priv-key-path', join(keys, 'id_ecdsa'), '--jwt-pub-key-path', join(keys, 'id_ecdsa.pub')];
  await using second = await ServerProcess.start({
    args: ['--jwt-priv-key-path', 'nowhere', '--jwt-pub-key-path', 'nowhere', ...paths, '--in-memory', '--in-memory'],
  });
  const headers = { authorization: `Bearer ${person.token}` };
  expect((await fetch(`${second.url}/v1/identity/${person.identity}/verify`, { headers })).status).toBe(204);
  expect(existsSync(second.dataDir)).toBe(false);
});

test.each([
  { args: ['--unknown'], says: 'unknown option' },
  { args: ['--listen-address', '127.0.0.1:0'], says: 'unknown option' },
  { args: ['stray'], says: 'too many arguments' },
  { args: ['--listen-addr', '127.0.0.1'], says: 'expected host:port' },
  { args: ['--listen-addr', '127.0.0.1:0', '--pg-port', '80'], says: 'expected a port from 1024 to 65534' },
  { args: ['--jwt-priv-key-path', 'alone'], says: 'must be given together' },
])('$args is refused: $says', async ({ args, says }) => {
  const { exitCode, stderr } = await refused(...args);
  expect(stderr).toContain(says);
  expect(exitCode).toBe(1);
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('the key pair is P-256 in PEM, made when it is missing, for the owner alone, and kept', async () => {
  await using server = await ServerProcess.start();
  const privatePem = readFileSync(join(server.keyDir, 'id_ecdsa'), 'utf8');
  const publicPem = readFileSync(join(server.keyDir, 'id_ecdsa.pub'), 'utf8');
  const derived = createPublicKey(createPrivateKey(privatePem));
  expect(derived.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  expect(derived.equals(createPublicKey(publicPem))).toBe(true);
  expect(statSync(join(server.keyDir, 'id_ecdsa')).mode & 0o777).toBe(0o600);
  expect(await (await fetch(`${server.url}/v1/identity/public-key`)).text()).toBe(publicPem);
  await server.kill();
  await server.restart();
  expect(readFileSync(join(server.keyDir, 'id_ecdsa'), 'utf8')).toBe(privatePem);
});

test('SIGKILL at any time, and a start 100 ms later on the same data: it listens, and what was acknowledged is there', async () => {
  await using server = await ServerProcess.start();
  const owner = await newPerson(server);
  const cli = new Cli(server, 'owner');
  await cli.login(owner.token);
  await cli.succeed('publish', 'person', '--bin-path', modulePath('person'), '--yes');
  let acknowledged = 0;
  for (let round = 0; round < 3; round++) {
    let isKilled = false;
    const adding = (async () => {
      for (;;) {
        try {
          const { status } = await call(server, 'person', 'add', [`person ${acknowledged}`, 1], owner.token);
          if (status === 200) acknowledged++;
        } catch (error) {
          if (isKilled) return;
          throw error;
        }
      }
    })();
    // In the middle of calls, whatever the server is doing then.
    await wait(200 + 50 * round);
    isKilled = true;
    await server.kill();
    await adding;
    await wait(100);
    await server.restart();
    const found = await rows(server, 'person', 'SELECT name FROM person', owner.token);
    // The last one may have been done and not been heard of.
    expect(found.length).toBeGreaterThanOrEqual(acknowledged);
    expect(found.length).toBeLessThanOrEqual(acknowledged + 1);
    acknowledged = found.length;
  }
  expect(acknowledged).toBeGreaterThan(0);
});
