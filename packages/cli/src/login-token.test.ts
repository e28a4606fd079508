import { Identity } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { identityOfToken } from './login-token.ts';

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

test('the identity comes from issuer and subject', () => {
  const identity = identityOfToken(token({ iss: 'localhost', sub: 'x' }));
  expect(identity).toBe(Identity.fromClaims('localhost', 'x').toHex());
  expect(identityOfToken(token({ iss: 'localhost', sub: 'x', hex_identity: identity }))).toBe(identity);
});

test.each([
  ['', 'nothing'],
  [`${token({ iss: 'localhost', sub: 'x' })}.c2ln`, 'four parts'],
  ['a.b', 'two parts'],
  ['a.b.c', 'no JSON'],
  [token(null), 'null'],
  [token({ iss: 'localhost' }), 'no subject'],
  [token({ iss: 'localhost', sub: 'x', hex_identity: 'c200' }), 'another identity than it says'],
])('%s is no login: %s', (text) => {
  expect(identityOfToken(text)).toBeUndefined();
});
