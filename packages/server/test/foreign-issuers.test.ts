import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { NodeOutgoingHttp } from '@lightcone/engine/node';
import { Identity } from '@lightcone/sats';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ForeignIssuers } from '../src/auth/foreign-issuers.ts';
import type { ForeignIssuersOptions } from '../src/auth/foreign-issuers.ts';
import { IssuerDiscovery } from '../src/auth/issuer-discovery.ts';
import { KeySet } from '../src/auth/key-set.ts';
import { generateKeyPair } from '../src/auth/keys.ts';
import { readPublicPems } from '../src/auth/public-pems.ts';
import { Tokens } from '../src/auth/tokens.ts';
import { publicVerificationKey, secretVerificationKey } from '../src/auth/verification-key.ts';
import { LocalIssuer } from './local-issuer.ts';
import type { Respond } from './local-issuer.ts';

const MINUTE = 60_000;
const CONFIGURATION = '/.well-known/openid-configuration';
const log = pino({ level: 'silent' });
const keys = generateKeyPair();

let issuer: LocalIssuer;
let nowMs: number;
let tokens: Tokens;
let issuers: ForeignIssuers;

beforeEach(async () => {
  nowMs = 1_000_000;
  issuer = await LocalIssuer.start();
  accept({ listed: [{ issuer: issuer.url, keys: undefined }] });
});
afterEach(async () => {
  issuers.close();
  await issuer[Symbol.asyncDispose]();
});

function accept(options: Partial<ForeignIssuersOptions>): void {
  issuers = new ForeignIssuers({ listed: [], acceptsUnlisted: false, log, nowMs: () => nowMs, ...options });
  tokens = new Tokens(keys, issuers);
}

/** As an attacker makes them: any header, any signature. */
function forge(header: object, claims: object, signature: (text: string) => Buffer): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${signature(text).toString('base64url')}`;
}

const claimsOfAlice = (): object => ({ iss: issuer.url, sub: 'alice', iat: Math.floor(Date.now() / 1000) });

test.each(['ES256', 'RS256', 'EdDSA'])(
  'a token signed with %s is accepted, and its identity follows from it',
  async (algorithm) => {
    await issuer.addKey(algorithm, 'second');
    const token = await issuer.sign({ role: 'admin' });
    const claims = await tokens.verify(token);
    expect(claims).toMatchObject({ issuer: issuer.url, subject: 'alice' });
    expect(claims.identity).toBe(Identity.fromClaims(issuer.url, 'alice').toHex());
    expect(JSON.parse(claims.payload)).toMatchObject({ aud: 'my-app', role: 'admin' });
  },
);

test('a key without a name, and a token that names none, find each other', async () => {
  issuer.keys = [];
  await issuer.addKey('RS256', undefined);
  const nameless = await issuer.addKey('ES256', undefined);
  for (const header of [{}, { kid: 'any' }]) {
    expect((await tokens.verify(await issuer.sign({}, nameless, header))).subject).toBe('alice');
  }
});

test('an issuer below a path, with a slash at its end, is asked there', async () => {
  await using other = await LocalIssuer.start('/realms/dev/');
  accept({ listed: [{ issuer: other.url, keys: undefined }] });
  await tokens.verify(await other.sign());
  expect(other.requests).toEqual([`/realms/dev${CONFIGURATION}`, '/keys']);
});

test('many tokens at once, and later ones, cost one request for the keys', async () => {
  const token = await issuer.sign();
  await Promise.all(Array.from({ length: 50 }, () => tokens.verify(token)));
  nowMs += 4 * MINUTE;
  await tokens.verify(token);
  expect(issuer.requests).toEqual([CONFIGURATION, '/keys']);
});

test('a new key is fetched when a token names it, once in half a minute', async () => {
  await tokens.verify(await issuer.sign());
  const unknown = await issuer.sign({}, issuer.keys[0], { kid: 'unknown' });
  nowMs += 31_000;
  await issuer.addKey('ES256', 'second');
  await tokens.verify(await issuer.sign());
  expect(issuer.requests).toHaveLength(4);
  for (let i = 0; i < 10; i++)
    await expect(tokens.verify(unknown)).rejects.toThrow('Specified key ID not found in JWKs');
  expect(issuer.requests).toHaveLength(4);
  nowMs += 31_000;
  await Promise.allSettled(Array.from({ length: 10 }, () => tokens.verify(unknown)));
  expect(issuer.requests).toHaveLength(6);
});

test('after five minutes keys are fetched anew beside their use, after ten before it', async () => {
  const token = await issuer.sign();
  await tokens.verify(token);
  issuer.keys = [];
  await issuer.addKey('ES256', 'second');
  nowMs += 6 * MINUTE;
  await tokens.verify(token); // with the key as it was
  await expect(tokens.verify(await issuer.sign())).resolves.toBeDefined(); // waits for those under way
  await expect(tokens.verify(token)).rejects.toThrow('Specified key ID not found in JWKs');
  issuer.keys = [];
  const third = await issuer.addKey('ES256', 'first');
  nowMs += 11 * MINUTE;
  await tokens.verify(await issuer.sign({}, third));
  await expect(tokens.verify(token)).rejects.toThrow('InvalidSignature');
});

test('an issuer that is down keeps its users for two hours, and is asked every half minute', async () => {
  const token = await issuer.sign();
  await tokens.verify(token);
  issuer.responses[CONFIGURATION] = (_request, response) => void response.writeHead(503).end();
  nowMs += 11 * MINUTE;
  for (let i = 0; i < 5; i++) await tokens.verify(token);
  expect(issuer.requests).toHaveLength(3);
  nowMs += 100 * MINUTE;
  await tokens.verify(token);
  expect(issuer.requests).toHaveLength(4);
  nowMs += 10 * MINUTE;
  await expect(tokens.verify(token)).rejects.toThrow('answers with status 503');
});

test('a failure is told again for half a minute without a request; then the issuer has a second chance', async () => {
  issuer.responses[CONFIGURATION] = (_request, response) => void response.writeHead(503).end();
  const token = await issuer.sign();
  for (let i = 0; i < 5; i++) {
    await expect(tokens.verify(token)).rejects.toThrow(
      `Error fetching public key for issuer "${issuer.url}": ${new URL(issuer.url).host}${CONFIGURATION} answers with status 503`,
    );
  }
  expect(issuer.requests).toHaveLength(1);
  delete issuer.responses[CONFIGURATION];
  nowMs += 31_000;
  await tokens.verify(token);
});

const configurationWith =
  (fields: object): Respond =>
  (_request, response) =>
    void response.end(JSON.stringify(fields));
const text =
  (body: string): Respond =>
  (_request, response) =>
    void response.end(body);

test.each<{ what: string; path: string; respond: Respond; problem: string }>([
  { what: 'no page', path: CONFIGURATION, respond: (_q, r) => void r.writeHead(404).end(), problem: 'status 404' },
  {
    what: 'a redirect',
    path: CONFIGURATION,
    respond: (_q, r) => void r.writeHead(302, { location: '/keys' }).end(),
    problem: 'answers with status 302, and redirects are not followed',
  },
  { what: 'no JSON', path: CONFIGURATION, respond: text('<html>'), problem: 'something else than JSON' },
  { what: 'JSON null', path: CONFIGURATION, respond: text('null'), problem: 'no `jwks_uri`' },
  {
    what: 'the configuration of another',
    path: CONFIGURATION,
    respond: configurationWith({ issuer: 'https://other.example', jwks_uri: 'https://other.example/keys' }),
    problem: 'its configuration is that of another issuer, "https://other.example"',
  },
  {
    what: 'a relative URL',
    path: CONFIGURATION,
    respond: configurationWith({ jwks_uri: '/keys' }),
    problem: '`jwks_uri` is not an https',
  },
  {
    what: 'a file',
    path: CONFIGURATION,
    respond: configurationWith({ jwks_uri: 'file:///etc/passwd' }),
    problem: 'is not an https',
  },
  {
    what: 'keys elsewhere without TLS',
    path: CONFIGURATION,
    respond: configurationWith({ jwks_uri: 'http://169.254.169.254/latest' }),
    problem: 'its `jwks_uri` is not reached over https',
  },
  {
    what: 'keys in another private network',
    path: CONFIGURATION,
    respond: configurationWith({ jwks_uri: 'https://169.254.169.254/latest' }),
    problem: 'refusing to connect to private or special-purpose addresses',
  },
  {
    what: 'a configuration of a megabyte',
    path: CONFIGURATION,
    respond: (_q, r) => void r.end(`{"x":"${'x'.repeat(1024 * 1024)}"}`),
    problem: 'longer than 262144 bytes',
  },
  {
    what: 'half an answer',
    path: CONFIGURATION,
    respond: (_q, r) => void r.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
    problem: 'error sending request',
  },
  {
    what: 'keys that are no set',
    path: '/keys',
    respond: text('[]'),
    problem: 'its key set is of no use: expected a JWK set',
  },
  { what: 'no keys', path: '/keys', respond: text('{"keys":[]}'), problem: 'none of its keys is for signatures' },
  {
    what: 'a thousand keys',
    path: '/keys',
    respond: text(`{"keys":[${Array(1000).fill('{}').join()}]}`),
    problem: 'at most 100',
  },
  {
    what: 'a secret among its keys',
    path: '/keys',
    respond: text(`{"keys":[{"kty":"oct","k":"${'A'.repeat(43)}"}]}`),
    problem: 'none of its keys is for signatures',
  },
])('an issuer that answers with $what is refused', async ({ path, respond, problem }) => {
  issuer.responses[path] = respond;
  await expect(tokens.verify(await issuer.sign())).rejects.toThrow(problem);
});

test('keys for other purposes, of other kinds and too short are passed over', async () => {
  const [first] = issuer.keys;
  const short = { kty: 'RSA', n: randomBytes(128).toString('base64url'), e: 'AQAB', kid: 'short' };
  const others = [
    { ...first?.jwk, use: 'enc' },
    { ...first?.jwk, alg: 'ES384' },
    { kty: 'XX' },
    null,
    1,
    short,
    { ...first?.jwk, kid: 1 },
  ];
  issuer.responses['/keys'] = text(JSON.stringify({ keys: [...others, { ...first?.jwk, kid: 'good' }] }));
  await tokens.verify(await issuer.sign({}, first, { kid: 'good' }));
  for (const kid of ['first', 'short']) {
    await expect(tokens.verify(await issuer.sign({}, first, { kid }))).rejects.toThrow('Specified key ID not found');
  }
});

test('a request to an issuer has five seconds', async () => {
  const real = new NodeOutgoingHttp();
  const asked: number[] = [];
  const impatient = new IssuerDiscovery({
    send: (request, signal) => {
      asked.push(request.timeoutMs);
      return real.send({ ...request, url: 'http://127.0.0.1', timeoutMs: 0 }, signal);
    },
  });
  accept({ acceptsUnlisted: true, publicDiscovery: impatient });
  const token = await issuer.sign({ iss: 'https://slow.example' });
  await expect(tokens.verify(token)).rejects.toThrow('operation timed out');
  expect(asked).toEqual([5000]);
});

test('a stop of the server ends the wait for an issuer that does not answer', async () => {
  const arrived = Promise.withResolvers<void>();
  issuer.responses['/keys'] = () => arrived.resolve();
  const verifying = tokens.verify(await issuer.sign());
  verifying.catch(() => undefined);
  await arrived.promise;
  issuers.close();
  await expect(verifying).rejects.toThrow('the server is stopping');
});

test('the key decides the algorithm: a public key is no secret, and RSA is not P-256', async () => {
  const [ec] = issuer.keys;
  const rsa = await issuer.addKey('RS256', 'rsa');
  for (const { jwk } of [ec!, rsa]) {
    const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const secret of [pem, JSON.stringify(jwk), String(jwk['x'] ?? jwk['n'])]) {
      const header = { alg: 'HS256', kid: jwk['kid'] };
      const forged = forge(header, claimsOfAlice(), (signed) => createHmac('sha256', secret).update(signed).digest());
      await expect(tokens.verify(forged)).rejects.toThrow('InvalidAlgorithm');
    }
  }
  const crossed = forge({ alg: 'ES256', kid: 'rsa' }, claimsOfAlice(), () => randomBytes(64));
  await expect(tokens.verify(crossed)).rejects.toThrow('InvalidAlgorithm');
  const unsigned = forge({ alg: 'none', kid: 'first' }, claimsOfAlice(), () => Buffer.alloc(0));
  await expect(tokens.verify(unsigned)).rejects.toThrow('unknown algorithm');
});

test('an issuer speaks for itself alone', async () => {
  await using other = await LocalIssuer.start();
  accept({ listed: [issuer, other].map(({ url }) => ({ issuer: url, keys: undefined })) });
  await tokens.verify(await other.sign());
  await expect(tokens.verify(await other.sign({ iss: issuer.url }))).rejects.toThrow('InvalidSignature');
  await expect(tokens.verify(await other.sign({ iss: 'localhost' }))).rejects.toThrow('InvalidSignature');
});

test.each([
  { what: 'no time of issue', claims: { iat: undefined }, problem: 'missing field `iat`' },
  { what: 'an end 70 s ago', claims: { exp: Math.floor(Date.now() / 1000) - 70 }, problem: 'ExpiredSignature' },
  { what: 'an end that is no number', claims: { exp: 'never' }, problem: '`exp`' },
  { what: 'no subject', claims: { sub: undefined }, problem: 'missing field `sub`' },
  { what: 'the identity of somebody else', claims: { hex_identity: 'c2'.repeat(32) }, problem: 'Identity mismatch' },
  { what: 'a list of numbers for an audience', claims: { aud: [1] }, problem: '`aud`' },
])('nobody is asked about a token with $what', async ({ claims, problem }) => {
  await expect(tokens.verify(await issuer.sign(claims))).rejects.toThrow(problem);
  expect(issuer.requests).toEqual([]);
});

test('an end 50 s ago, a begin in the future and the right identity pass', async () => {
  const now = Math.floor(Date.now() / 1000);
  const hexIdentity = Identity.fromClaims(issuer.url, 'alice').toHex();
  const token = await issuer.sign({ exp: now - 50, nbf: now + 1000, hex_identity: hexIdentity });
  expect((await tokens.verify(token)).identity).toBe(hexIdentity);
});

test.each([
  { iss: 'my-app', problem: 'it is not an https URL' },
  { iss: 'ftp://issuer.example', problem: 'it is not an https URL' },
  { iss: 'https://user:secret@issuer.example', problem: 'it holds credentials' },
  { iss: 'https://issuer.example/?a', problem: 'it has a query or a fragment' },
  { iss: 'https://issuer.example/#', problem: 'it has a query or a fragment' },
  { iss: 'http://issuer.example', problem: 'it is not reached over https. Only issuers that config.toml lists' },
  { iss: 'https://127.0.0.1:1', problem: 'refusing to connect to private' },
  { iss: 'https://[::1]:1', problem: 'refusing to connect to private' },
  { iss: 'https://0x7f.1:1', problem: 'refusing to connect to private' },
  { iss: 'https://169.254.169.254', problem: 'refusing to connect to private' },
  { iss: 'https://localhost:1', problem: 'refusing to connect to private' },
])('$iss, which is not listed, is not connected to', async ({ iss, problem }) => {
  accept({ acceptsUnlisted: true });
  await expect(tokens.verify(await issuer.sign({ iss }))).rejects.toThrow(problem);
});

test('an issuer on this machine that is not listed gets no connection, not even over TLS or under a public name', async () => {
  let connections = 0;
  const listener = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const resolve = (): Promise<{ address: string; family: number }[]> =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  accept({ acceptsUnlisted: true, publicDiscovery: new IssuerDiscovery(new NodeOutgoingHttp({ resolve })) });
  for (const iss of [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`, `https://issuer.example:${port}`]) {
    await expect(tokens.verify(await issuer.sign({ iss }))).rejects.toThrow('Error fetching public key for issuer');
  }
  listener.close();
  expect(connections).toBe(0);
});

test('only those that are listed are asked, if the operator says so', async () => {
  accept({ listed: [{ issuer: issuer.url, keys: undefined }] });
  await tokens.verify(await issuer.sign());
  await expect(tokens.verify(await issuer.sign({ iss: 'https://issuer.example' }))).rejects.toThrow(
    'Issuer "https://issuer.example" is not accepted: config.toml of this server does not list it',
  );
});

test('sixteen issuers that strangers named are asked at once, and listed ones meanwhile', async () => {
  let asked = 0;
  const hanging = new IssuerDiscovery({
    send: (_request, signal) => {
      asked++;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  });
  accept({ listed: [{ issuer: issuer.url, keys: undefined }], acceptsUnlisted: true, publicDiscovery: hanging });
  const results: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    const token = await issuer.sign({ iss: `https://issuer${i}.example` });
    results.push(tokens.verify(token).catch((error: Error) => error.message));
  }
  await tokens.verify(await issuer.sign());
  for (const busy of await Promise.all(results.slice(16))) {
    expect(busy).toContain('too many issuers are being asked; try again in a few seconds');
  }
  expect(asked).toBe(16);
  issuers.close();
  for (const ended of await Promise.all(results.slice(0, 16))) expect(ended).toContain('the server is stopping');
});

test('keys that the operator gives are used, and the issuer is not asked', async () => {
  const [first] = issuer.keys;
  const pem = createPublicKey({ key: first?.jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const pems = readPublicPems(`${keys.publicPem}\n${pem.toString()}`).map((key) => publicVerificationKey(key));
  for (const given of [KeySet.fromJwks({ keys: [first?.jwk] }), new KeySet(pems)]) {
    accept({ listed: [{ issuer: issuer.url, keys: given }] });
    await tokens.verify(await issuer.sign());
  }
  expect(issuer.requests).toEqual([]);
});

test('a shared secret proves tokens of its issuer, with HS256 alone', async () => {
  const secret = randomBytes(32);
  accept({ listed: [{ issuer: 'my-app', keys: new KeySet([secretVerificationKey(secret)]) }] });
  const claims = { iss: 'my-app', sub: 'alice', iat: 1 };
  const hmac = (hash: string, key: Buffer) => (signed: string) => createHmac(hash, key).update(signed).digest();
  expect((await tokens.verify(forge({ alg: 'HS256' }, claims, hmac('sha256', secret)))).subject).toBe('alice');
  await expect(tokens.verify(forge({ alg: 'HS512' }, claims, hmac('sha512', secret)))).rejects.toThrow(
    'InvalidAlgorithm',
  );
  await expect(tokens.verify(forge({ alg: 'HS256' }, claims, hmac('sha256', randomBytes(32))))).rejects.toThrow(
    'InvalidSignature',
  );
  await expect(tokens.verify(await issuer.sign({ iss: 'my-app' }))).rejects.toThrow('InvalidAlgorithm');
  expect(() => secretVerificationKey(Buffer.from('guess me'))).toThrow('a secret of 8 bytes is too short for HS256');
});
