import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { newUser, programs, publish } from './fixtures.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  await publish(server.url, 'web', await newUser(server.url), programs.httpHandlers);
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly message: IncomingMessage;
  readonly body: string;
}

/** Sends a request with the path as it is: `fetch` would tidy it. */
async function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string | string[]>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false });
  request.end(body);
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  return { status: message.statusCode ?? 0, message, body: Buffer.concat(chunks).toString('latin1') };
}

/** Sends bytes, says that there are no more if `isEnd`, and reads until the server closes. */
async function raw(text: string, isEnd: boolean): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(text, 'latin1');
  if (isEnd) socket.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of socket) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString('latin1');
}

const ROUTE = '/v1/database/web/route';

test.each([
  { path: '', status: 200, body: 'the root' },
  { path: '/', status: 200, body: 'the root with a slash' },
  { path: '?x', status: 200, body: 'the root' },
  { path: '//', status: 404, body: 'Database has not registered a handler for this route' },
  { path: '/te%61pot', status: 418, body: 'short and stout' },
  { path: '/teapot/', status: 404, body: 'Database has not registered a handler for this route' },
  { path: '/x/../teapot', status: 404, body: 'Database has not registered a handler for this route' },
  { path: '/%', status: 400, body: 'Invalid URL' },
  { path: '/%ff', status: 400, body: 'Invalid URL' },
  { path: '/methods/post', status: 404, body: 'Database has not registered a handler for this route' },
])('GET …/route$path answers $status', async ({ path, status, body }) => {
  const answer = await ask(ROUTE + path);
  expect([answer.status, answer.body]).toEqual([status, body]);
  expect(answer.message.headers).toMatchObject({ 'access-control-allow-origin': '*' });
  expect(answer.message.headers).not.toHaveProperty('spacetime-identity');
});

test.each(['/v1/database/nobody/route/x', `/v1/database/${'c2'.repeat(32)}/route`])(
  '%s: there is no database',
  async (path) => {
    expect((await ask(path, { method: 'POST', body: 'read to the end' })).status).toBe(404);
  },
);

test('a bad name is refused, and what only looks like a route is none', async () => {
  expect(await ask('/v1/database/No%20Name/route')).toMatchObject({
    status: 400,
    body: expect.stringMatching(/^Invalid URL/),
  });
  expect((await ask('/v1/database/web/routes')).status).toBe(404);
  expect((await ask('/v1/database/web/route/x/', { method: 'OPTIONS' })).status).toBe(200);
});

test.each(['PUT', 'POST', 'PATCH', 'DELETE', 'GET'])(
  '%s reaches its handler, with the body as sent',
  async (method) => {
    const headers = {
      'content-type': 'not; a/type',
      'x-two': ['1', '2'],
      authorization: 'Basic eA==',
      connection: 'close, x-hop',
      'content-length': '4',
      'x-hop': '1',
    };
    const { status, body } = await ask(`${ROUTE}/methods/${method.toLowerCase()}?q=%20`, {
      method,
      headers,
      body: 'b\u0000dy',
    });
    expect(status).toBe(200);
    const lines = body.split('\n');
    expect(lines[0]).toBe(
      `${method} http://127.0.0.1:${server.port}${ROUTE}/methods/${method.toLowerCase()}?q=%20 HTTP/1.1`,
    );
    expect(lines).toEqual(
      expect.arrayContaining(['content-type: not; a/type', 'x-two: 1', 'x-two: 2', 'authorization: Basic eA==']),
    );
    expect(lines.some((line) => /^(?:connection|x-hop|transfer-encoding):/u.test(line))).toBe(false);
    expect(lines.at(-1)).toBe('b\u0000dy');
  },
);

test.each(['PURGE', 'PROPFIND', 'TRACE'])('%s reaches a handler of any method', async (method) => {
  expect((await ask(`${ROUTE}/methods/any`, { method })).body).toMatch(new RegExp(`^${method} `, 'u'));
});

test('HEAD is a method of its own, and is answered without a body', async () => {
  expect(await ask(`${ROUTE}/methods/head`, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  expect((await ask(`${ROUTE}/teapot`, { method: 'HEAD' })).status).toBe(404);
});

test('OPTIONS is answered for browsers, whatever the module has', async () => {
  const { status, message, body } = await ask(`${ROUTE}/methods/options`, { method: 'OPTIONS' });
  expect([status, body]).toEqual([200, '']);
  expect(message.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': '*',
    'access-control-allow-headers': 'authorization,accept,content-type',
    'content-length': '0',
  });
});

test('the URL is the one that the client used, as proxies tell it', async () => {
  const headers = { host: 'inner:1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.com' };
  const { body } = await ask(`${ROUTE}/methods/any`, { headers });
  expect(body.split('\n')[0]).toBe(`GET https://example.com${ROUTE}/methods/any HTTP/1.1`);
});

test('statuses, repeated headers and every byte come back', async () => {
  const { message, body } = await ask(`${ROUTE}/headers`);
  expect(message.headers['content-type']).toBe('text/css');
  expect(message.headersDistinct['x-twice']).toEqual(['first', 'second']);
  expect(message.headers['set-cookie']).toEqual(['a=1; HttpOnly', 'b=2']);
  expect(body).toBe('* {}');
  const bytes = await ask(`${ROUTE}/bytes`);
  expect(Buffer.from(bytes.body, 'latin1')).toEqual(Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  expect((await ask(`${ROUTE}/large`)).body).toHaveLength(2_000_000);
  const none = await ask(`${ROUTE}/empty`);
  expect([none.status, none.message.headers['content-length']]).toEqual([204, undefined]);
});

test('state is kept, and a handler without a response is a 500 that leaves nothing', async () => {
  expect((await ask(`${ROUTE}/notes/one?n`, { method: 'PUT', body: 'text' })).status).toBe(201);
  expect(await ask(`${ROUTE}/notes/one?n`)).toMatchObject({ status: 200, body: 'text' });
  for (const path of ['/panic', '/panic-in-transaction']) {
    const answer = await ask(ROUTE + path);
    expect(answer).toMatchObject({
      status: 500,
      body: expect.stringMatching(/^The module instance encountered a fatal error/),
    });
  }
  expect(await ask(`${ROUTE}/notes`)).toMatchObject({ status: 200, body: 'n' });
});

test('a body over 2 MiB is refused, announced or not, and the connection ends', async () => {
  const body = Buffer.alloc(2 * 1024 * 1024 + 1);
  for (const headers of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
    const answer = await ask(`${ROUTE}/methods/post`, { method: 'POST', headers, body });
    expect(answer).toMatchObject({ status: 413, body: 'Failed to buffer the request body: length limit exceeded' });
    expect(answer.message.headers.connection).toBe('close');
  }
  const fits = await ask(`${ROUTE}/methods/post`, { method: 'POST', body: body.subarray(1) });
  expect(fits.status).toBe(200);
});

test.each([
  {
    what: 'a whole URL',
    text: `GET http://a.b${ROUTE}/methods/any HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n`,
    answer: /GET http:\/\/a\.b\/v1/,
  },
  {
    what: 'HTTP/1.0 without a host',
    text: `GET ${ROUTE}/methods/any HTTP/1.0\r\n\r\n`,
    answer: /GET http:\/\/localhost\/v1.* HTTP\/1\.0/,
  },
  {
    what: 'a character that no URL has',
    text: `GET ${ROUTE}/<script> HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n`,
    answer: /^HTTP\/1.1 400/,
  },
  {
    what: 'a body that is cut short',
    text: `POST ${ROUTE}/methods/post HTTP/1.1\r\nhost: c\r\ncontent-length: 9\r\n\r\nabc`,
    answer: /^(?:HTTP\/1.1 400.*)?$/s,
  },
  {
    what: 'two lengths',
    text: `POST ${ROUTE}/methods/post HTTP/1.1\r\nhost: c\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab`,
    answer: /^HTTP\/1.1 400/,
  },
])('$what is answered, and the server goes on', async ({ what, text, answer }) => {
  expect(await raw(text, what === 'a body that is cut short')).toMatch(answer);
  expect((await ask(`${ROUTE}/teapot`)).status).toBe(418);
});

test('requests to modules are measured', async () => {
  await ask(`${ROUTE}/teapot`);
  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(metrics).toMatch(
    /lightcone_http_request_seconds_count\{[^}]*route="\/v1\/database\/:database\/route\/\*"[^}]*status="418"/u,
  );
});
