import { readFileSync } from 'node:fs';
import type { HttpRequest } from '@lightcone/host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpHandlerResult } from '../src/procedures/procedure-result.ts';
import { type TestDatabase, openTestDatabase } from '../src/testing/index.ts';
import { handMadeModule } from './support/hand-made-module.ts';

const program = readFileSync(new URL('../../../modules/http-handlers/http-handlers.wasm', import.meta.url));

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase(program, { limits: { maxMemoryPages: 256, energyPerCall: 200_000_000 } });
});
afterAll(() => db.database.close());

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function request(method: string, path: string, query = ''): HttpRequest {
  return {
    method,
    uri: `http://localhost/v1/database/x/route${path}${query}`,
    headers: [{ name: 'x-mine', value: new Uint8Array([0xff, 0x41]) }],
    timeoutMicros: undefined,
    version: 'HTTP/1.1',
  };
}

function ask(method: string, path: string, { query = '', body = '' } = {}): Promise<HttpHandlerResult> {
  return db.database.handleHttp(path, request(method, path, query), encoder.encode(body));
}

async function answer(method: string, path: string, options = {}): Promise<readonly [status: number, body: string]> {
  const result = await ask(method, path, options);
  if (result.kind !== 'responded') throw new Error(`${method} ${path}: ${result.kind}`);
  return [result.response.status, decoder.decode(result.body)];
}

test.each([
  { method: 'GET', path: '', found: true },
  { method: 'GET', path: '/', found: true },
  { method: 'GET', path: '//', found: false },
  { method: 'POST', path: '/', found: false },
  { method: 'HEAD', path: '/', found: false },
  { method: 'GET', path: '/~strict_paths-1', found: true },
  { method: 'GET', path: '/~strict_paths-1/', found: false },
  { method: 'GET', path: '/~STRICT_paths-1', found: false },
  { method: 'GET', path: '/methods/get', found: true },
  { method: 'get', path: '/methods/get', found: false },
  { method: 'HEAD', path: '/methods/head', found: true },
  { method: 'OPTIONS', path: '/methods/options', found: true },
  { method: 'PATCH', path: '/methods/patch', found: true },
  { method: 'DELETE', path: '/methods/patch', found: false },
  { method: 'PURGE', path: '/methods/any', found: true },
  { method: 'TRACE', path: '/methods/any', found: true },
  { method: 'GET', path: '/methods', found: false },
  { method: 'GET', path: 'methods/any', found: false },
  { method: 'GET', path: '/methods/../', found: false },
])('$method "$path" has a route: $found', async ({ method, path, found }) => {
  expect((await ask(method, path)).kind).toBe(found ? 'responded' : 'noRoute');
});

test('a handler sees the request as it is', async () => {
  const [status, body] = await answer('PUT', '/methods/put', { query: '?a=%20', body: 'the body' });
  expect(status).toBe(200);
  expect(body).toBe('PUT http://localhost/v1/database/x/route/methods/put?a=%20 HTTP/1.1\nx-mine: \ufffdA\n\nthe body');
});

test('a handler has transactions, which subscribers see', async () => {
  const alice = await db.connect('alice');
  const notes = await alice.subscribe('SELECT * FROM note');
  expect(await answer('PUT', '/notes/one', { query: '?n', body: 'text' })).toEqual([201, '']);
  await db.clock.advance(0);
  expect(notes.rows('note')).toMatchObject([{ name: 'n', text: 'text' }]);
  expect(await answer('GET', '/notes/one', { query: '?n' })).toEqual([200, 'text']);
  expect(await answer('POST', '/notes/pair', { body: 'one line' })).toEqual([422, 'the second line is missing']);
  expect(await answer('GET', '/notes')).toEqual([200, 'n']);
  expect(await answer('DELETE', '/notes/one', { query: '?n' })).toEqual([204, '']);
  await db.clock.advance(0);
  expect(notes.rows('note')).toEqual([]);
  alice.disconnect();
});

test('statuses, repeated headers, bytes and large bodies come back as they are', async () => {
  expect(await answer('GET', '/teapot')).toEqual([418, 'short and stout']);
  expect((await answer('GET', '/large'))[1]).toHaveLength(2_000_000);
  const result = await ask('GET', '/headers');
  const headers = result.kind === 'responded' ? result.response.headers : [];
  expect(headers.map(({ name, value }) => `${name}: ${decoder.decode(value)}`)).toEqual([
    'content-type: text/css',
    'x-twice: first',
    'x-twice: second',
    'set-cookie: a=1; HttpOnly',
    'set-cookie: b=2',
  ]);
});

test.each([
  { path: '/panic', kind: 'failed' },
  { path: '/panic-in-transaction', kind: 'failed' },
  { path: '/loop', kind: 'outOfEnergy' },
])('a handler that ends in $path has no response, leaves nothing, and the next one works', async ({ path, kind }) => {
  expect((await ask('GET', path)).kind).toBe(kind);
  expect(await answer('GET', '/notes')).toEqual([200, '']);
});

test('outgoing requests fail without a network', async () => {
  expect(await answer('POST', '/fetch', { body: 'http://x/' })).toEqual([
    502,
    'module outbound HTTP requests are disabled',
  ]);
});

test.each([
  { what: 'no response at all', code: '(i32.const 0)', message: 'the response does not decode' },
  {
    what: 'something else than a response',
    code: '(block (result i32) (call $write (local.get $head) (i32.const 16) (i32.const 10)) (i32.const 0))',
    message: 'the response does not decode',
  },
  { what: 'another code', code: '(i32.const 1)', message: '__call_http_handler__ returned unexpected code 1' },
])('a handler that answers with $what fails', async ({ code, message }) => {
  await using hostile = await openTestDatabase(handMadeModule([], [], code));
  expect(await hostile.database.handleHttp('/', request('GET', '/'))).toEqual({
    kind: 'failed',
    message: expect.stringContaining(message),
  });
});
