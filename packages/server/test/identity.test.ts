import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Identity } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { LocalIssuer } from './local-issuer.ts';

const SECRET = 'a secret of at least thirty-two bytes';

let issuer: LocalIssuer;
let folder: string;
let server: RunningServer;
/** Somebody whom the issuer knows. */
let alice: User;

beforeAll(async () => {
  issuer = await LocalIssuer.start('/realms/dev');
  folder = await mkdtemp(join(tmpdir(), 'lightcone-identity-'));
  await writeFile(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
  await writeFile(
    join(folder, 'config.toml'),
    `[[identity.issuers]]\nissuer = "${issuer.url}"\n` +
      `[[identity.issuers]]\nissuer = "my-app"\nhs256-secret-path = ${JSON.stringify(join(folder, 'secret'))}\n`,
  );
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  const token = await issuer.sign({ role: 'admin', exp: undefined });
  alice = { identity: Identity.fromClaims(issuer.url, 'alice').toHex(), token };
  await publish(server.url, 'test', alice, programs.test);
});
afterAll(async () => {
  await server.close();
  await issuer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function whoAmI(token: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/database/test/call/who_am_i`, {
    method: 'POST',
    headers: { ...authorization({ identity: '', token }), 'content-type': 'application/json' },
    body: '[]',
  });
  expect([response.status, await response.text()]).toEqual([200, '']);
  const [row] = await sql(server.url, 'test', alice, "SELECT * FROM answer WHERE question = 'who_am_i'");
  return String((row as unknown[])[1]);
}

test('somebody of another issuer owns what they publish, and nobody else does', async () => {
  const databases = await fetch(`${server.url}/v1/identity/${alice.identity}/databases`);
  expect(((await databases.json()) as { identities: string[] }).identities).toHaveLength(1);
  const logs = (user: User): Promise<Response> =>
    fetch(`${server.url}/v1/database/test/logs`, { headers: authorization(user) });
  expect((await logs(alice)).status).toBe(200);
  expect((await logs(await newUser(server.url))).status).toBe(403);
});

test('a module reads the claims of another issuer as they stand in the token', async () => {
  const lines = (await whoAmI(alice.token)).split('\n');
  expect(lines).toContain(`sender ${alice.identity}`);
  expect(lines).toContain('subject alice');
  expect(lines).toContain(`issuer ${issuer.url}`);
  expect(lines).toContain('audience my-app');
  expect(lines).toContain(`identity ${alice.identity}`);
  const payload = Buffer.from(alice.token.split('.')[1] ?? '', 'base64url').toString();
  expect(payload).toContain('"role":"admin"');
  expect(lines).toContain(`payload ${payload}`);
});

test('a WebSocket is opened with a token of another issuer, and with the short one made from it', async () => {
  const answer = await fetch(`${server.url}/v1/identity/websocket-token`, {
    method: 'POST',
    headers: authorization(alice),
  });
  const { token: shortLived } = (await answer.json()) as { token: string };
  for (const token of [alice.token, shortLived]) {
    const client = await TestClient.connect(server.url, 'test', { query: { token } });
    const { identity } = await client.next('InitialConnection');
    expect(Buffer.from(identity).reverse().toString('hex')).toBe(alice.identity);
    await client.close();
  }
  expect(await whoAmI(shortLived)).toContain('"role":"admin"');
});

test('a connection outlives the token that opened it; a new one needs a new token, and is of the same identity', async () => {
  const shortLived = async (): Promise<string> => {
    const url = `${server.url}/v1/identity/websocket-token`;
    const answer = await fetch(url, { method: 'POST', headers: authorization(alice) });
    return ((await answer.json()) as { token: string }).token;
  };
  const connect = (token: string): Promise<TestClient> =>
    TestClient.connect(server.url, 'test', { query: { token, connection_id: '0a'.repeat(16) } });
  const token = await shortLived();
  const old = await connect(token);
  await old.next('InitialConnection');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  try {
    await expect(connect(token)).rejects.toThrow('401');
    old.call(1, 'who_am_i');
    expect((await old.next('ReducerResult')).outcome.tag).toBe('Ok');
    const fresh = await shortLived();
    // Two clients may not be one connection with different tokens; without the old one it is free.
    const rival = await connect(fresh);
    expect((await rival.closed).code).toBe(1008);
    await old.close();
    const again = await vi.waitFor(async () => {
      const client = await connect(fresh);
      await client.next('InitialConnection');
      return client;
    });
    again.call(2, 'who_am_i');
    expect((await again.next('ReducerResult')).outcome.tag).toBe('Ok');
    await again.close();
  } finally {
    vi.useRealTimers();
  }
  const [row] = await sql(server.url, 'test', alice, "SELECT * FROM answer WHERE question = 'who_am_i'");
  expect(String((row as unknown[])[1])).toContain(`sender ${alice.identity}`);
});

test('a token signed with the secret that the operator put into a file is accepted', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'my-app', sub: 'bob', iat: 1 })}`;
  const token = `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
  expect(await whoAmI(token)).toContain(`sender ${Identity.fromClaims('my-app', 'bob').toHex()}`);
});

test.each([
  {
    what: 'another issuer',
    claims: { iss: 'http://127.0.0.1:1' },
    text: /^Error fetching public key for issuer "http:\/\/127\.0\.0\.1:1": /,
  },
  { what: 'a past end', claims: { exp: 1 }, text: /^Invalid token: ExpiredSignature$/ },
  { what: 'a false identity', claims: { hex_identity: 'c2'.repeat(32) }, text: /^Invalid token: Identity mismatch/ },
])('a token with $what gets 401 and is told why', async ({ claims, text }) => {
  const headers = authorization({ identity: '', token: await issuer.sign(claims) });
  const response = await fetch(`${server.url}/v1/ping`, { headers });
  expect(response.status).toBe(401);
  expect(await response.text()).toMatch(text);
});

test.each([
  { what: 'is not there', key: 'hs256-secret-path', text: undefined, problem: 'ENOENT' },
  {
    what: 'holds a short secret',
    key: 'hs256-secret-path',
    text: 'short\n',
    problem: 'a secret of 5 bytes is too short',
  },
  { what: 'holds no keys', key: 'keys-path', text: 'x', problem: 'it has no block' },
  { what: 'holds broken JSON', key: 'keys-path', text: '{', problem: 'JSON' },
])('the server does not start when the key file of an issuer $what', async ({ key, text, problem }) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'lightcone-identity-'));
  const path = join(dataDir, 'issuer-keys');
  if (text !== undefined) await writeFile(path, text);
  await writeFile(
    join(dataDir, 'config.toml'),
    `[[identity.issuers]]\nissuer = "x"\n${key} = ${JSON.stringify(path)}\n`,
  );
  await expect(startServer({ listenAddress: '127.0.0.1:0', dataDir })).rejects.toMatchObject({
    code: 'SERVER_KEYS_UNUSABLE',
    message: expect.stringMatching(new RegExp(`issuer-keys.*${problem}`, 'u')),
  });
  await rm(dataDir, { recursive: true });
});
