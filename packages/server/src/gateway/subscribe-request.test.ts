import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { QueryString } from './query-string.ts';
import type { RouteContext } from './routes/context.ts';
import { checkSubscribeRequest } from './subscribe-request.ts';
import type { SubscribeRequest } from './subscribe-request.ts';

const identity = 'c2'.repeat(32);

/** Asks for a WebSocket on a database that exists. */
function subscribe(protocols: string, query: string): SubscribeRequest {
  const headers = {
    connection: 'keep-alive, Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': protocols,
  };
  const context = { control: { findDatabase: () => ({ identity, owner: identity }) } } as unknown as RouteContext;
  const request = { headers } as unknown as IncomingMessage;
  return checkSubscribeRequest(context, request, identity, QueryString.parse(`/?${query}`));
}

test.each([
  { offered: 'v1.json.spacetimedb', chosen: 'v1.json.spacetimedb' },
  { offered: 'v1.json.spacetimedb, v1.bsatn.spacetimedb', chosen: 'v1.bsatn.spacetimedb' },
  { offered: 'v1.bsatn.spacetimedb,v2.bsatn.spacetimedb', chosen: 'v2.bsatn.spacetimedb' },
  { offered: ' v1.json.spacetimedb ,x, v2.bsatn.spacetimedb, v3.bsatn.spacetimedb', chosen: 'v3.bsatn.spacetimedb' },
])('of $offered it is $chosen', ({ offered, chosen }) => {
  expect(subscribe(offered, '').subprotocol).toBe(chosen);
});

test.each(['v1.json', 'v4.bsatn.spacetimedb', 'V1.json.spacetimedb', ''])('of "%s" it is none', (offered) => {
  expect(() => subscribe(offered, '')).toThrow('no valid protocol selected');
});

test.each([
  { protocol: 'v1.json.spacetimedb', query: '', isConfirmed: false },
  { protocol: 'v1.bsatn.spacetimedb', query: '', isConfirmed: false },
  { protocol: 'v2.bsatn.spacetimedb', query: '', isConfirmed: true },
  { protocol: 'v3.bsatn.spacetimedb', query: '', isConfirmed: true },
  { protocol: 'v1.json.spacetimedb', query: 'confirmed=true', isConfirmed: true },
  { protocol: 'v1.bsatn.spacetimedb', query: 'confirmed=true', isConfirmed: true },
  { protocol: 'v2.bsatn.spacetimedb', query: 'confirmed=false', isConfirmed: false },
  { protocol: 'v3.bsatn.spacetimedb', query: 'confirmed=false', isConfirmed: false },
])('reads of $protocol with "$query" are confirmed: $isConfirmed', ({ protocol, query, isConfirmed }) => {
  expect(subscribe(protocol, query).isConfirmed).toBe(isConfirmed);
});

test.each([
  { query: '', isLight: false },
  { query: 'light=true', isLight: true },
  { query: 'light=false', isLight: false },
])('updates with "$query" are light: $isLight', ({ query, isLight }) => {
  expect(subscribe('v1.bsatn.spacetimedb', query).isLight).toBe(isLight);
});
