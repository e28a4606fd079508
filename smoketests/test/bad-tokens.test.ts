import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPerson, type Person, publish, request, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';
import { claimsOf, es256, hs256, nowSeconds, privateKey, rs256, unsigned, withPayload } from '../src/tokens.ts';

let server: ServerProcess;
let owner: Person;
let serverKey: KeyObject;
let publicPem: string;
const foreignKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const header = { typ: 'JWT', alg: 'ES256' };
const claims = { sub: 'somebody', iss: 'localhost', aud: ['spacetimedb'], iat: nowSeconds(), exp: null };

beforeAll(async () => {
  server = await ServerProcess.start();
  owner = await newPerson(server);
  await publish(server, 'chat', 'quickstart-chat', owner.token);
  serverKey = privateKey(server);
  publicPem = readFileSync(join(server.keyDir, 'id_ecdsa.pub'), 'utf8');
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Functions, because the server's keys exist only once it has started. */
const badTokens: { what: string; token: () => string }[] = [
  { what: 'no token at all', token: () => 'x' },
  { what: 'a token signed by a stranger', token: () => es256(header, claims, foreignKey) },
  { what: 'a token without a signature', token: () => unsigned({ typ: 'JWT', alg: 'none' }, claims) },
  { what: 'an HMAC made with the public key', token: () => hs256({ typ: 'JWT', alg: 'HS256' }, claims, publicPem) },
  { what: 'a changed payload', token: () => withPayload(owner.token, { ...claimsOf(owner.token), sub: 'root' }) },
  { what: 'a cut signature', token: () => owner.token.slice(0, -4) },
  {
    what: 'a token that expired 70 s ago',
    token: () => es256(header, { ...claims, exp: nowSeconds() - 70 }, serverKey),
  },
  { what: 'an expiry that is no number', token: () => es256(header, { ...claims, exp: 'never' }, serverKey) },
  { what: 'no subject', token: () => es256(header, { ...claims, sub: undefined }, serverKey) },
  { what: 'no issue time', token: () => es256(header, { ...claims, iat: undefined }, serverKey) },
  { what: 'an empty subject', token: () => es256(header, { ...claims, sub: '' }, serverKey) },
  { what: 'a subject of 129 bytes', token: () => es256(header, { ...claims, sub: 'x'.repeat(129) }, serverKey) },
  {
    what: 'an identity that does not follow from the claims',
    token: () => es256(header, { ...claims, hex_identity: owner.identity }, serverKey),
  },
  {
    what: 'another issuer that is no URL',
    token: () => es256(header, { ...claims, iss: 'issuer' }, foreignKey),
  },
];

describe.each(badTokens)('$what', ({ token }) => {
  test('is refused by HTTP with 401', async () => {
    const response = await request(server, 'GET', '/v1/database/chat', { token: token() });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toBe('');
    expect(response.headers.get('spacetime-identity')).toBeNull();
  });

  test('is refused by the WebSocket before its upgrade', async () => {
    const query = new URLSearchParams({ token: token() });
    const address = `${server.webSocketUrl}/v1/database/chat/subscribe?${query}`;
    expect(await upgradeStatus(address)).toBe(401);
  });
});

test('a malformed Authorization header is 400, and a good query parameter does not make up for it', async () => {
  const response = await request(server, 'GET', `/v1/database/chat?token=${owner.token}`, {
    headers: { authorization: 'Basic abc' },
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toBe('Authorization is invalid: malformed token');
});

test('an issuer on this machine is not asked for its keys: a token must not make the server send requests', async () => {
  let requests = 0;
  const issuer = createServer((_request, response) => {
    requests++;
    response.end('{}');
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const { port } = issuer.address() as AddressInfo;
  const token = es256(header, { ...claims, iss: `http://127.0.0.1:${port}` }, foreignKey);
  const response = await request(server, 'GET', '/v1/database/chat', { token });
  issuer.close();
  expect(response.status).toBe(401);
  expect(requests).toBe(0);
});

test('an issuer that the operator lists is asked, and its token is accepted; a stranger’s in its name is not', async () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = createServer(({ url }, response) => {
    const jwks = { keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] };
    response.end(JSON.stringify(url === '/keys' ? jwks : { issuer: address, jwks_uri: `${address}/keys` }));
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const address = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  await using listing = await ServerProcess.start({ config: `[[identity.issuers]]\nissuer = "${address}"\n` });
  const token = rs256({ alg: 'RS256', kid: 'k' }, { ...claims, iss: address }, key.privateKey);
  const accepted = await request(listing, 'GET', '/v1/ping', { token });
  expect(await accepted.text()).toBe('');
  expect(accepted.status).toBe(200);
  const forged = [
    es256({ alg: 'ES256', kid: 'k' }, { ...claims, iss: address }, foreignKey),
    rs256({ alg: 'RS256', kid: 'other' }, { ...claims, iss: address }, key.privateKey),
    hs256({ alg: 'HS256', kid: 'k' }, { ...claims, iss: address }, spki(key.publicKey)),
    withPayload(token, { ...claims, iss: address, sub: 'root' }),
  ];
  for (const other of forged) expect((await request(listing, 'GET', '/v1/ping', { token: other })).status).toBe(401);
  issuer.close();
  issuer.closeAllConnections();
});

test('a token 50 s past its end still passes, as clocks differ', async () => {
  const token = es256(header, { ...claims, exp: nowSeconds() - 50 }, serverKey);
  expect((await request(server, 'GET', '/v1/database/chat', { token })).status).toBe(200);
});

describe('somebody with a good token of their own', () => {
  let stranger: Person;

  beforeAll(async () => {
    stranger = await newPerson(server);
  });

  test.each([
    { what: 'publish over the database', method: 'PUT', path: '/v1/database/chat', body: 'x' },
    { what: 'reset it', method: 'PUT', path: '/v1/database/chat/reset', body: 'x' },
    { what: 'check a publish', method: 'POST', path: '/v1/database/chat/pre_publish', body: 'x' },
    { what: 'delete it', method: 'DELETE', path: '/v1/database/chat' },
    { what: 'read its log', method: 'GET', path: '/v1/database/chat/logs' },
    { what: 'lock it', method: 'POST', path: '/v1/database/chat/lock' },
  ])('may not $what', async ({ method, path, body }) => {
    const response = await request(server, method, path, {
      token: stranger.token,
      ...(body === undefined ? {} : { body }),
    });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(`${stranger.identity} is not authorized to perform action on database`);
  });

  test('may not give it other names', async () => {
    const response = await request(server, 'PUT', '/v1/database/chat/names', {
      token: stranger.token,
      body: '["mine"]',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(401);
  });

  test('sees no system tables', async () => {
    const response = await request(server, 'POST', '/v1/database/chat/sql', {
      token: stranger.token,
      body: 'SELECT * FROM st_connection_credentials',
    });
    expect(response.status).toBe(400);
    expect(await rows(server, 'chat', 'SELECT * FROM st_table', owner.token)).not.toEqual([]);
  });
});

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The status that an upgrade is answered with; 101 if it is granted. */
function upgradeStatus(address: string): Promise<number> {
  const socket = new WebSocket(address, 'v2.bsatn.spacetimedb');
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('upgrade', () => {
      socket.terminate();
      resolve(101);
    });
  });
}
