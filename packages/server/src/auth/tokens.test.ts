import { createHmac } from 'node:crypto';
import { Identity } from '@lightcone/sats';
import { CompactSign } from 'jose';
import { expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { ForeignIssuers } from './foreign-issuers.ts';
import { KeySet } from './key-set.ts';
import { generateKeyPair } from './keys.ts';
import { parseExact } from '../exact-json.ts';
import { Tokens } from './tokens.ts';

const NOW = 1_700_000_000;
const keys = generateKeyPair();
const log = pino({ level: 'silent' });
const nobodyElse = new ForeignIssuers({ listed: [], acceptsUnlisted: false, log });
const tokens = new Tokens(keys, nobodyElse, () => NOW);
const claims = { iss: 'localhost', sub: 'test-subject', iat: NOW };

function sign(payload: unknown, key = keys.privateKey, header: object = {}): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
}

const payloadOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a minted token has the form that tools read, and is accepted', async () => {
  const { token, claims: minted } = await tokens.mint();
  expect(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).toBe('{"typ":"JWT","alg":"ES256"}');
  expect(Object.keys(payloadOf(token) as object)).toEqual(['hex_identity', 'sub', 'iss', 'aud', 'iat', 'exp']);
  expect(payloadOf(token)).toMatchObject({ iss: 'localhost', aud: ['spacetimedb'], iat: NOW, exp: null });
  expect(await tokens.verify(token)).toEqual(minted);
  expect(minted.identity).toBe(Identity.fromClaims('localhost', minted.subject).toHex());
});

test('a token for a WebSocket has the same claims and ends after a minute', async () => {
  const original = { ...claims, iss: 'https://issuer.example', aud: 'me', role: 'admin' };
  const token = await tokens.mintForWebSocket(await tokens.verify(await sign(original)));
  const identity = Identity.fromClaims('https://issuer.example', 'test-subject').toHex();
  const expected = { hex_identity: identity, ...original, aud: ['me'], exp: NOW + 60 };
  expect(payloadOf(token)).toEqual(expected);
  expect((await tokens.verify(token)).identity).toBe(identity);
});

test('a token for a WebSocket has numbers beyond 53 bits as they were', async () => {
  const numbers = '{"account":9007199254740993,"in":[{"e":1.50}]}';
  const original = { ...claims, iss: 'https://issuer.example', more: parseExact(numbers) };
  const token = await tokens.mintForWebSocket(await tokens.verify(await sign(original)));
  expect((await tokens.verify(token)).payload).toContain(`"more":${numbers}`);
});

test.each([
  { what: 'the least that is needed', payload: claims },
  { what: 'a time of issue in the future', payload: { ...claims, iat: NOW + 1000 } },
  { what: 'an end 50 s ago', payload: { ...claims, exp: NOW - 50 } },
  { what: 'no end', payload: { ...claims, exp: null } },
  { what: 'a begin in the future', payload: { ...claims, nbf: NOW + 1000 } },
  { what: 'a foreign issuer, signed by us', payload: { ...claims, iss: 'https://issuer.example' } },
  { what: 'names of 128 bytes', payload: { ...claims, iss: 'i'.repeat(128), sub: 's'.repeat(128) } },
  {
    what: 'its own identity',
    payload: { ...claims, hex_identity: Identity.fromClaims('localhost', 'test-subject').toHex() },
  },
])('a token with $what is accepted', async ({ payload }) => {
  expect((await tokens.verify(await sign(payload, keys.privateKey, { kid: 'x' }))).payload).toBe(
    JSON.stringify(payload),
  );
});

test.each([
  { what: 'an end 70 s ago', payload: { ...claims, exp: NOW - 70 }, reason: 'ExpiredSignature' },
  { what: 'half a second in its end', payload: { ...claims, exp: NOW + 0.5 }, reason: 'JSON error: `exp`' },
  { what: 'no issuer', payload: { sub: 'a', iat: NOW }, reason: 'JSON error: missing field `iss`' },
  { what: 'no subject', payload: { iss: 'a', iat: NOW }, reason: 'JSON error: missing field `sub`' },
  { what: 'no time of issue', payload: { iss: 'a', sub: 'b' }, reason: 'JSON error: missing field `iat`' },
  { what: 'an empty issuer', payload: { ...claims, iss: '' }, reason: 'Issuer empty' },
  { what: 'an issuer of 129 bytes', payload: { ...claims, iss: 'i'.repeat(129) }, reason: 'Issuer too long' },
  { what: 'a subject of 129 bytes', payload: { ...claims, sub: 's'.repeat(129) }, reason: 'Subject too long' },
  { what: 'a subject that is a number', payload: { ...claims, sub: 1 }, reason: 'JSON error: `sub`' },
  { what: 'an audience of numbers', payload: { ...claims, aud: [1] }, reason: 'JSON error: `aud`' },
  {
    what: 'somebody else’s identity',
    payload: { ...claims, hex_identity: 'c2'.repeat(32) },
    reason: 'Identity mismatch',
  },
  { what: 'a list for claims', payload: [], reason: 'JSON error' },
  { what: 'no JSON', payload: 'nonsense', reason: 'JSON error' },
])('a token with $what is refused', async ({ payload, reason }) => {
  await expect(tokens.verify(await sign(payload))).rejects.toThrow(reason);
});

test('a token of another key is refused', async () => {
  await expect(tokens.verify(await sign(claims, generateKeyPair().privateKey))).rejects.toThrow(/^InvalidSignature$/u);
});

test('a token of an issuer that is not accepted is refused with a text that says so', async () => {
  const token = await sign({ ...claims, iss: 'https://issuer.example' }, generateKeyPair().privateKey);
  await expect(tokens.verify(token)).rejects.toThrow(
    'Issuer "https://issuer.example" is not accepted: config.toml of this server does not list it',
  );
});

test('a token of a former key of this server is accepted; new ones are signed with the present key', async () => {
  const present = generateKeyPair();
  const rotated = new Tokens({ ...present, retired: [keys.publicKey] }, nobodyElse, () => NOW);
  expect((await rotated.verify(await sign(claims))).subject).toBe('test-subject');
  const { token } = await rotated.mint();
  await rotated.verify(token);
  await expect(tokens.verify(token)).rejects.toThrow(/^InvalidSignature$/u);
});

test('the public key is no secret to sign with: an HMAC over it is refused', async () => {
  const signed = `${base64({ alg: 'HS256' })}.${base64(claims)}`;
  const forged = `${signed}.${createHmac('sha256', keys.publicPem).update(signed).digest('base64url')}`;
  await expect(tokens.verify(forged)).rejects.toThrow('InvalidAlgorithm');
});

test.each([
  { what: 'no token', token: 'x', reason: 'InvalidToken' },
  { what: 'three empty parts', token: '..', reason: 'InvalidToken' },
  { what: 'no algorithm', token: `${base64({ alg: 'none' })}.${base64(claims)}.`, reason: 'JSON error' },
  {
    what: 'a letter that is not of the alphabet',
    token: `${base64({ alg: 'ES256' })}.${base64(claims)}.AA+A`,
    reason: 'InvalidToken',
  },
  {
    what: 'a key id that is a number',
    token: `${base64({ alg: 'ES256', kid: 1 })}.${base64(claims)}.AAAA`,
    reason: 'JSON error: `kid`',
  },
  {
    what: 'an extension of the format',
    token: `${base64({ alg: 'ES256', b64: false, crit: ['b64'] })}.${base64(claims)}.AAAA`,
    reason: 'JSON error: `crit`',
  },
  { what: 'an unknown algorithm', token: `${base64({ alg: 'XX' })}.${base64(claims)}.AAAA`, reason: 'JSON error' },
])('$what is refused', async ({ token, reason }) => {
  await expect(tokens.verify(token)).rejects.toThrow(reason);
});

test('a token that comes again is known, and still refused when it has expired', async () => {
  let now = NOW;
  const mine = new Tokens(keys, nobodyElse, () => now);
  const token = await sign({ ...claims, exp: NOW + 10 });
  const check = vi.spyOn(KeySet.prototype, 'verify');
  const first = await mine.verify(token);
  expect(await mine.verify(token)).toEqual(first);
  expect(check).toHaveBeenCalledTimes(1);
  now = NOW + 71;
  await expect(mine.verify(token)).rejects.toThrow('ExpiredSignature');
  check.mockRestore();
});

test('a token is not taken for one that differs from it in the signature alone', async () => {
  const token = await sign(claims);
  await tokens.verify(token);
  const end = token.at(-10) === 'A' ? 'B' : 'A';
  const forged = token.slice(0, -10) + end + token.slice(-9);
  for (let times = 0; times < 2; times++) {
    await expect(tokens.verify(forged)).rejects.toThrow('InvalidSignature');
  }
});

test('of tokens that come in great number those that were not seen for longest are forgotten', async () => {
  const check = vi.spyOn(KeySet.prototype, 'verify').mockResolvedValue(undefined);
  const mine = new Tokens(keys, nobodyElse, () => NOW);
  const unsigned = (sub: number): string => `${base64({ alg: 'ES256' })}.${base64({ ...claims, sub: `${sub}` })}.x`;
  for (let sub = 0; sub < 2048; sub++) await mine.verify(unsigned(sub));
  await mine.verify(unsigned(0));
  await mine.verify(unsigned(2048));
  check.mockClear();
  await mine.verify(unsigned(0));
  expect(check).not.toHaveBeenCalled();
  await mine.verify(unsigned(1));
  expect(check).toHaveBeenCalledTimes(1);
  check.mockRestore();
});
