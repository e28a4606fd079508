// A module of the official crate as a web server: its routes, requests and responses, and state through transactions.
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { procedures, reducers, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PublishedModule } from '../src/published-module.ts';

const bindings = {
  ...schema({
    note: table(
      { name: 'note', public: true },
      { name: t.string().primaryKey(), text: t.string(), writtenAt: t.timestamp() },
    ),
  }).schemaType,
  ...reducers().reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

let module: PublishedModule;
let base: string;

beforeAll(async () => {
  module = await PublishedModule.start('http-handlers', 'http-handlers', {
    config: '[module-http]\nallow = ["127.0.0.1"]\n',
  });
  base = `${module.server.url}/v1/database/http-handlers/route`;
});

afterAll(() => module?.[Symbol.asyncDispose]());

async function get(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(base + path);
  return { status: response.status, body: await response.text() };
}

/** The lines of `echo`: method, URI and version; headers; body. */
function parseEcho(answer: string): { first: string; headers: string[]; body: string } {
  const [head = '', ...body] = answer.split('\n\n');
  const [first = '', ...headers] = head.split('\n');
  return { first, headers, body: body.join('\n\n') };
}

describe('routes', () => {
  test.each(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'])(
    '%s has its own, and any takes it too',
    async (method) => {
      const own = await fetch(`${base}/methods/${method.toLowerCase()}`, { method });
      expect(own.status).toBe(200);
      const other = await fetch(`${base}/methods/${method === 'GET' ? 'put' : 'get'}`, { method });
      expect(other.status).toBe(404);
      const any = await fetch(`${base}/methods/any`, { method });
      expect(any.status).toBe(200);
      if (method === 'HEAD') return;
      expect((await own.text()).split(' ')[0]).toBe(method);
      expect((await any.text()).split(' ')[0]).toBe(method);
      expect(await other.text()).toBe('Database has not registered a handler for this route');
    },
  );

  test('are matched to the letter: slashes count, nothing is normalised', async () => {
    expect(await get('')).toEqual({ status: 200, body: 'the root' });
    expect(await get('/')).toEqual({ status: 200, body: 'the root with a slash' });
    expect((await get('/~strict_paths-1')).status).toBe(200);
    for (const path of ['/~strict_paths-1/', '/notes/one/', '/Notes', '//', '/notes//one', '/nope']) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect((await get('/%7estrict%5Fpaths-1')).status).toBe(200);
    expect((await get('?query')).body).toBe('the root');
  });

  test('of another database are not there', async () => {
    const response = await fetch(`${module.server.url}/v1/database/nobody/route/`);
    expect(response.status).toBe(404);
  });
});

describe('requests', () => {
  test('arrive with URI, headers and body as they were sent', async () => {
    const response = await fetch(`${base}/methods/post?a=1&b=%20`, {
      method: 'POST',
      headers: { 'x-test': 'yes', authorization: 'Bearer no token of ours', 'content-type': 'text/weird' },
      body: 'two\n\nparagraphs',
    });
    const { first, headers, body } = parseEcho(await response.text());
    expect(first).toBe(`POST ${base}/methods/post?a=1&b=%20 HTTP/1.1`);
    expect(headers).toEqual(
      expect.arrayContaining(['x-test: yes', 'authorization: Bearer no token of ours', 'content-type: text/weird']),
    );
    expect(body).toBe('two\n\nparagraphs');
  });

  test('name the host that the caller used, or the proxy in front', async () => {
    const direct = parseEcho((await get('/methods/get')).body).first;
    expect(direct).toBe(`GET ${base}/methods/get HTTP/1.1`);
    const proxied = await fetch(`${base}/methods/get`, {
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.org' },
    });
    expect(parseEcho(await proxied.text()).first).toBe(
      'GET https://example.org/v1/database/http-handlers/route/methods/get HTTP/1.1',
    );
  });

  test('may have large bodies, and bytes that are no text', async () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);
    const response = await fetch(`${base}/methods/put`, { method: 'PUT', body: bytes });
    const answer = new Uint8Array(await response.arrayBuffer());
    expect(answer.subarray(answer.length - bytes.length)).toEqual(bytes);
    const refused = await fetch(`${base}/notes/one?binary`, { method: 'PUT', body: new Uint8Array([0xff, 0xfe]) });
    expect(refused.status).toBe(400);
  });

  test('with several headers of one name keep all of them', async () => {
    const { port } = new URL(base);
    const request = httpRequest({
      port,
      path: `${new URL(base).pathname}/methods/get`,
      headers: { 'x-many': ['1', '2'] },
    });
    request.end();
    const [response] = (await once(request, 'response')) as [AsyncIterable<Uint8Array>];
    const { headers } = parseEcho(await text(response as never));
    expect(headers.filter((line) => line.startsWith('x-many'))).toEqual(['x-many: 1', 'x-many: 2']);
  });

  test('that break off reach no handler and harm nobody', async () => {
    const { port, pathname } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`PUT ${pathname}/notes/one?broken HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
    socket.destroy();
    expect((await get('/notes/one?broken')).status).toBe(404);
  });
});

describe('responses', () => {
  test('have any status, header and body', async () => {
    const teapot = await fetch(`${base}/teapot`);
    expect({ status: teapot.status, body: await teapot.text() }).toEqual({ status: 418, body: 'short and stout' });
    const { headers } = await fetch(`${base}/headers`);
    expect(headers.get('content-type')).toBe('text/css');
    expect(headers.get('x-twice')).toBe('first, second');
    expect(headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2']);
    const bytes = new Uint8Array(await (await fetch(`${base}/bytes`)).arrayBuffer());
    expect(bytes).toEqual(Uint8Array.from({ length: 256 }, (_, index) => index));
    const empty = await fetch(`${base}/empty`);
    expect({ status: empty.status, body: await empty.text() }).toEqual({ status: 204, body: '' });
    expect((await get('/large')).body).toBe('0123456789'.repeat(200_000));
  });

  test('of handlers that fail are 500, and the next request is served', { timeout: 180_000 }, async () => {
    for (const path of ['/panic', '/panic-in-transaction', '/loop']) {
      expect((await get(path)).status, path).toBe(500);
      expect((await get('')).body).toBe('the root');
    }
    expect((await get('/notes/one?panicked')).status).toBe(404);
    expect((await module.logs()).some(({ message }) => message.includes('this handler has no response'))).toBe(true);
  });
});

describe('state', () => {
  test('is written and read through transactions, and followed by subscribers', async () => {
    const client = await module.connect(bindings);
    await client.subscribe('SELECT * FROM note');
    const write = (text: string): Promise<Response> => fetch(`${base}/notes/one?todo`, { method: 'PUT', body: text });
    expect((await write('buy milk')).status).toBe(201);
    expect((await write('buy bread')).status).toBe(200);
    expect(await get('/notes/one?todo')).toEqual({ status: 200, body: 'buy bread' });
    await client.until('the bread', () => [...client.db.note.iter()].some((note) => note.text === 'buy bread'));
    await module.run('write_note', 'by-reducer', 'hello');
    // The crate joins `/notes` and the nested `/` without a slash at the end.
    expect((await get('/notes')).body).toBe('by-reducer\ntodo');
    expect((await fetch(`${base}/notes/one?todo`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${base}/notes/one?todo`, { method: 'DELETE' })).status).toBe(404);
    await client.until('one note', () => client.db.note.count() === 1n);
  });

  test('is taken back as a whole', async () => {
    const pair = (body: string): Promise<Response> => fetch(`${base}/notes/pair`, { method: 'POST', body });
    const refused = await pair('only one');
    expect({ status: refused.status, body: await refused.text() }).toEqual({
      status: 422,
      body: 'the second line is missing',
    });
    expect((await get('/notes/one?first')).status).toBe(404);
    expect((await pair('one\ntwo')).status).toBe(200);
    expect((await get('/notes/one?second')).body).toBe('two');
  });

  test('of fifty requests at once is that of fifty requests', async () => {
    const write = (_: unknown, index: number): Promise<Response> =>
      fetch(`${base}/notes/one?note${index}`, { method: 'PUT', body: String(index) });
    const statuses = (await Promise.all(Array.from({ length: 50 }, write))).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 201));
    expect(await module.rows("SELECT text FROM note WHERE name = 'note49'")).toEqual([['49']]);
  });
});

test('the context has database, time and chance, and nobody as the caller', async () => {
  const values = new Map((await get('/context')).body.split('\n').map((line) => line.split(' ') as [string, string]));
  expect(values.get('database')).toMatch(/^c200[0-9a-f]{60}$/);
  expect(Math.abs(Number(values.get('timestamp')) / 1000 - Date.now())).toBeLessThan(60_000);
  expect(values.get('sender')).toBe('0'.repeat(64));
  expect([values.get('connection'), values.get('internal')]).toEqual(['none', 'false']);
  const uuid = values.get('uuid');
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect((await get('/context')).body).not.toContain(String(uuid));
});

test('a handler asks other servers, where the operator lets it', async () => {
  const web = createServer((_request, response) => response.end('from elsewhere'));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const fetched = await fetch(`${base}/fetch`, { method: 'POST', body: url });
  expect(await fetched.text()).toBe('from elsewhere');
  const refused = await fetch(`${base}/fetch`, { method: 'POST', body: url.replace('127.0.0.1', '127.0.0.2') });
  expect(refused.status).toBe(502);
  web.closeAllConnections();
  web.close();
});

test('after a crash the routes are there, and what they wrote', async () => {
  await module.server.kill();
  await module.server.restart();
  expect((await get('/notes/one?second')).body).toBe('two');
});
