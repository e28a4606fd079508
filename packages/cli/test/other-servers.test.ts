// Addresses where something answers that is no server of databases.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FakeServer } from './fake-server.ts';
import { DATABASE, ISSUED, TestUser } from './run.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  }).listen(0, '127.0.0.1');
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const HTML = { 'content-type': 'text/html; charset=utf-8' };

/** As servers of files, frameworks and proxies answer what they do not know. */
const others: readonly { readonly what: string; readonly answer: RequestListener }[] = [
  { what: 'a page for everything', answer: (_, response) => response.writeHead(200, HTML).end('<html>') },
  { what: 'a page with 404', answer: (_, response) => response.writeHead(404, HTML).end('<html>') },
  { what: 'a page with 502', answer: (_, response) => response.writeHead(502, HTML).end('<html>') },
  { what: 'a text with 404', answer: (_, response) => response.writeHead(404).end('404 page not found\n') },
  { what: 'JSON with 404', answer: (_, response) => response.writeHead(404).end('{"detail":"Not Found"}') },
  { what: 'nothing with 404', answer: (_, response) => response.writeHead(404).end() },
  {
    what: 'nothing with 404 or 405',
    answer: ({ method }, response) => response.writeHead(method === 'GET' ? 404 : 405).end(),
  },
  { what: 'a text for everything', answer: (_, response) => response.end('hello') },
];

const commands: readonly (readonly string[])[] = [
  ['list'],
  ['sql', 'chat', 'SELECT 1'],
  ['call', 'chat', 'send', 'x'],
  ['describe', 'chat', '--json'],
  ['logs', 'chat'],
  ['delete', 'chat', '--yes'],
  ['rename', 'chat', '--to', 'talk'],
  ['publish', 'chat', '--bin-path', 'chat.wasm', '--yes'],
];

test.each(others)('what answers with $what is said to be no server, and the way out', async ({ answer }) => {
  const url = await serve(answer);
  const message = `What answers at ${url} does not look like a server of Lightcone or SpacetimeDB`;
  for (const isLoggedIn of [false, true]) {
    const user = new TestUser();
    writeFileSync(join(user.home, 'chat.wasm'), '');
    if (isLoggedIn) await user.run(['login', '--token', ISSUED.token]);
    for (const command of commands) {
      const { exitCode, noted } = await user.run([...command, '--server', url]);
      expect([command, exitCode, noted]).toEqual([command, 1, expect.stringContaining(`Error: ${message}`)]);
      expect([command, noted]).toEqual([command, expect.stringContaining('another server with --server')]);
    }
    for (const command of [
      ['login', '--server-issued-login', url],
      ['server', 'ping', url],
      ['server', 'add', 'it', '--url', url],
    ]) {
      if (isLoggedIn && command[0] === 'login') continue;
      const { exitCode, noted } = await user.run(command);
      expect([command, exitCode, noted]).toEqual([command, 1, expect.stringContaining(message)]);
    }
  }
});

test('a server that a proxy lets answer no ping is one, by what it says of a database', async () => {
  const url = await serve(({ url }, response) =>
    url === '/v1/ping'
      ? response.writeHead(404, HTML).end('<html>')
      : response.writeHead(404, { 'content-type': 'text/plain' }).end('`chat` not found'),
  );
  const { noted } = await new TestUser().run(['sql', 'chat', 'SELECT 1', '--server', url, '--anonymous']);
  expect(noted).toContain('Error: failed to find database `chat`.');
});

test('a server that has answered before is asked for no ping, and its refusal stands', async () => {
  await using server = await FakeServer.start({
    'GET /v1/database/chat/identity': DATABASE,
    [`DELETE /v1/database/${DATABASE}`]: { status: 404, body: 'No such database.' },
    'GET /v1/ping': { status: 404 },
    'POST /v1/identity': JSON.stringify(ISSUED),
  });
  const { noted } = await new TestUser().run(['delete', 'chat', '--yes', '--server', server.url]);
  expect(noted).toContain('Error: No such database.');
  expect(server.seen).not.toContain('GET /v1/ping');
});
