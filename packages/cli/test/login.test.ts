import { statSync } from 'node:fs';
import { Identity } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { FakeServer } from './fake-server.ts';
import { ISSUED, TestUser, tokenOf } from './run.ts';

const issuing = { 'POST /v1/identity': JSON.stringify(ISSUED), 'GET /v1/database/chat/identity': '0'.repeat(64) };

test('without a login one is issued, saved for its owner only, and told of', async () => {
  await using server = await FakeServer.start({ ...issuing, [`POST /v1/database/${'0'.repeat(64)}/sql`]: '[]' });
  const user = new TestUser();
  const first = await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url]);
  expect(first).toMatchObject({
    exitCode: 0,
    noted: expect.stringContaining(`Logged in with identity ${ISSUED.identity}`),
  });
  expect(user.configText()).toContain(`spacetimedb_token = "${ISSUED.token}"`);
  expect(statSync(user.configPath).mode & 0o777).toBe(0o600);

  const second = await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url]);
  expect(second).toMatchObject({ exitCode: 0, noted: '' });
  expect(server.requests.filter(({ url }) => url === '/v1/identity')).toHaveLength(1);
  expect(server.requests.at(-1)?.token).toBe(ISSUED.token);
});

test('--anonymous asks for no login and sends none', async () => {
  await using server = await FakeServer.start({ ...issuing, [`POST /v1/database/${'0'.repeat(64)}/sql`]: '[]' });
  const user = new TestUser();
  expect(await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url, '--anonymous'])).toMatchObject({ exitCode: 0 });
  expect(server.requests.map(({ token }) => token)).toEqual([undefined, undefined]);
});

test('login shows, keeps, replaces and forgets', async () => {
  await using server = await FakeServer.start(issuing);
  const user = new TestUser();
  expect(await user.run(['login', 'show'])).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('not logged in'),
  });

  const token = tokenOf({ iss: 'https://example.com', sub: 'me' });
  const identity = Identity.fromClaims('https://example.com', 'me').toHex();
  expect((await user.run(['login', '--token', token])).printed).toBe(`Logged in with identity ${identity}\n`);
  expect((await user.run(['login', 'show'])).printed).toBe(`You are logged in as ${identity}\n`);
  expect((await user.run(['login', 'show', '--token'])).printed).toContain(token);

  const again = await user.run(['login']);
  expect(again).toMatchObject({ exitCode: 1, noted: expect.stringContaining('logged in already') });
  expect(user.configText()).toContain(token);

  expect((await user.run(['login', '--server-issued-login', server.url, '--no-browser'])).exitCode).toBe(0);
  expect(user.configText()).toContain(ISSUED.token);
  expect((await user.run(['logout'])).printed).toBe('Logged out.\n');
  expect(user.configText()).not.toContain('spacetimedb_token');
  // Who it is for, its server knows.
  expect((await user.run(['login', '--token', tokenOf({ sub: 'me' })])).printed).toBe('Token saved.\n');
  expect((await user.run(['login', 'show'])).noted).toContain('is not a login token');
});

test.each([
  { what: 'a word', text: 'opaque' },
  { what: 'nothing', text: '' },
  { what: 'an identity', text: ISSUED.identity },
  { what: 'a header', text: `Bearer ${ISSUED.token}` },
  { what: 'a token that was cut', text: ISSUED.token.slice(0, ISSUED.token.lastIndexOf('.')) },
  { what: 'a token twice', text: `${ISSUED.token}.${ISSUED.token}` },
  { what: 'a payload that is no JSON', text: 'e30.e30x.c2ln' },
  { what: 'a payload that is a list', text: `e30.${Buffer.from('[]').toString('base64url')}.c2ln` },
])('$what is no token: it is refused unseen, and the login stays', async ({ text }) => {
  const user = new TestUser();
  await user.run(['login', '--token', ISSUED.token]);
  const { exitCode, noted } = await user.run(['login', '--token', text]);
  expect(exitCode).toBe(1);
  expect(noted).toContain('--token: expected a JSON Web Token');
  if (text !== '') expect(noted).not.toContain(text);
  expect(user.configText()).toContain(`spacetimedb_token = "${ISSUED.token}"`);
});

test('a server on this machine that refuses the saved login issues one of its own, saved beside it', async () => {
  const general = tokenOf({ iss: 'https://example.com', sub: 'me' });
  const own = `POST /v1/database/${'0'.repeat(64)}/sql`;
  await using server = await FakeServer.start({
    ...issuing,
    [own]: '[]',
    'GET /v1/ping': (response, { token }) => response.writeHead(token === ISSUED.token ? 200 : 401).end(),
  });
  const user = new TestUser();
  await user.run(['login', '--token', general]);
  const first = await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url]);
  expect(first).toMatchObject({
    exitCode: 0,
    noted: expect.stringContaining(`Logged in with identity ${ISSUED.identity}`),
  });
  expect(await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url])).toMatchObject({ exitCode: 0, noted: '' });
  expect(server.requests.filter(({ url }) => url.endsWith('/sql')).map(({ token }) => token)).toEqual([
    ISSUED.token,
    ISSUED.token,
  ]);
  expect(server.requests.filter(({ url }) => url === '/v1/identity')).toHaveLength(1);

  const { printed } = await user.run(['login', 'show', '--token']);
  expect(printed).toContain(general);
  expect(printed).toContain(ISSUED.token);
  expect(printed).toContain(`logged in on ${new URL(server.url).host} as`);
  expect((await user.run(['logout'])).printed).toBe('Logged out.\n');
  expect(user.configText()).not.toContain('spacetimedb_token');
});

test('a server at the address of an earlier one gets the general login, when it refuses that of the earlier one', async () => {
  const general = tokenOf({ iss: 'https://example.com', sub: 'me' });
  let accepted = ISSUED.token;
  await using server = await FakeServer.start({
    ...issuing,
    [`POST /v1/database/${'0'.repeat(64)}/sql`]: '[]',
    'GET /v1/ping': (response, { token }) => response.writeHead(token === accepted ? 200 : 401).end(),
  });
  const user = new TestUser();
  await user.run(['login', '--token', general]);
  await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url]);
  expect(server.requests.at(-1)?.token).toBe(ISSUED.token);
  accepted = general;
  expect(await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url])).toMatchObject({ exitCode: 0, noted: '' });
  expect(server.requests.at(-1)?.token).toBe(general);
  expect(server.requests.filter(({ url }) => url === '/v1/identity')).toHaveLength(1);
});

test('a server that issues none refuses a login of another server with the way out', async () => {
  await using server = await FakeServer.start({
    'GET /v1/database/chat/identity': { status: 401, body: 'Invalid token: InvalidSignature' },
  });
  const user = new TestUser();
  await user.run(['login', '--token', ISSUED.token]);
  const { exitCode, noted } = await user.run(['sql', 'chat', 'SELECT 1', '-s', server.url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain('Error: Invalid token: InvalidSignature');
  expect(noted).toContain('spacetime login --server-issued-login');
});

test('a server that is not there is named, with how to start one', async () => {
  const server = await FakeServer.start({});
  const { url } = server;
  await server[Symbol.asyncDispose]();
  const { exitCode, noted } = await new TestUser().run(['list', '-s', url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain(`Error: The server ${url} cannot be reached: connect ECONNREFUSED`);
  expect(noted).toContain(`spacetime start --listen-addr ${new URL(url).host}`);
});

test('a server that hangs up in the middle of an answer is an error', async () => {
  await using server = await FakeServer.start({
    'POST /v1/identity': (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"identity"');
      setImmediate(() => response.destroy());
    },
  });
  const { exitCode, noted } = await new TestUser().run(['login', '--server-issued-login', server.url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain('cannot be reached');
});

test('an answer that is no JSON, or other JSON, is an error that shows it', async () => {
  await using server = await FakeServer.start({ 'POST /v1/identity': '<html>' });
  const user = new TestUser();
  expect((await user.run(['login', '--server-issued-login', server.url])).noted).toContain(
    'expected JSON, found "<html>"',
  );
  await using other = await FakeServer.start({ 'POST /v1/identity': '{"identity":1}' });
  expect((await user.run(['login', '--server-issued-login', other.url])).noted).toContain('expected a member "token"');
});
