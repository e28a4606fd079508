import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type OutgoingHttp, OutgoingHttpError, type OutgoingRequest } from '../procedures/outgoing-http.ts';
import { AddressPolicy } from './address-policy.ts';
import {
  MAX_RECEIVING_BYTES,
  MAX_RESPONSE_BYTES,
  NodeOutgoingHttp,
  type NodeOutgoingHttpOptions,
} from './node-outgoing-http.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);
const never = new AbortController().signal;
const loopback = AddressPolicy.allowing(['127.0.0.0/8']);

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(respond: Respond): Promise<string> {
  const server = createServer(respond);
  const port = await listening(server);
  servers.push({ close: () => server.closeAllConnections() });
  return `http://127.0.0.1:${port}`;
}

/** A server that answers every connection with these bytes, whatever it is asked. */
async function serveRaw(answer: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(answer, 'latin1'));
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

function send(
  url: string,
  request: Partial<OutgoingRequest> = {},
  options: NodeOutgoingHttpOptions = {},
  signal: AbortSignal = never,
): ReturnType<OutgoingHttp['send']> {
  const http = new NodeOutgoingHttp({ policy: loopback, ...options });
  return http.send({ method: 'GET', url, headers: [], body: bytes(''), timeoutMs: 5000, ...request }, signal);
}

async function failureOf(sending: Promise<unknown>): Promise<OutgoingHttpError> {
  const error: unknown = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OutgoingHttpError);
  return error as OutgoingHttpError; // checked above
}

/** Tells what it was asked. */
const echo: Respond = (request, response) => {
  void (async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { method, url, rawHeaders } = request;
    response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }));
  })();
};

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

async function echoed(sending: ReturnType<OutgoingHttp['send']>): Promise<Echo> {
  return JSON.parse(text((await sending).body)) as Echo;
}

test('method, path, query, headers and body arrive, and the answer comes back', async () => {
  const url = await serve((request, response) => {
    response.writeHead(418, 'short and stout', ['X-One', '1', 'x-one', '2', 'X-Raw', 'caf\u00e9']);
    response.end(`${request.method} ${request.url}`);
  });
  const { response, body } = await send(`${url}/a//b?c=%20d#e`, { method: 'PUT', body: bytes('x') });
  expect(response.status).toBe(418);
  expect(response.version).toBe('HTTP/1.1');
  expect(text(body)).toBe('PUT /a//b?c=%20d');
  const headers = response.headers.map(({ name, value }) => [name, Buffer.from(value).toString('latin1')]);
  expect(headers.slice(0, 3)).toEqual([
    ['x-one', '1'],
    ['x-one', '2'],
    ['x-raw', 'caf\u00e9'],
  ]);
});

test('repeated headers stay repeated, raw bytes stay raw, and those between neighbours are not sent', async () => {
  const url = await serve(echo);
  const headers = [
    'X-A: 1',
    'x-a: 2',
    'Transfer-Encoding: chunked',
    'content-length: 99',
    'Connection: upgrade',
    'TE: x',
  ]
    .map((line) => line.split(': '))
    .map(([name = '', value = '']) => ({ name, value: bytes(value) }));
  headers.push({ name: 'x-raw', value: new Uint8Array([0xff, 0x09, 0x41]) });
  const { rawHeaders, body } = await echoed(send(url, { method: 'POST', headers, body: bytes('four') }));
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[i + 1]}`] : []));
  expect(pairs).toEqual([
    `host: ${url.slice('http://'.length)}`,
    'x-a: 1',
    'x-a: 2',
    'x-raw: \u00ff\tA',
    'accept: */*',
    'content-length: 4',
    'connection: close',
  ]);
  expect(body).toBe('four');
});

test('a module may name another host than it connects to, but not two', async () => {
  const url = await serve(echo);
  const headers = ['first.test', 'second.test'].map((host) => ({ name: 'Host', value: bytes(host) }));
  const { rawHeaders } = await echoed(send(url, { headers }));
  expect(rawHeaders.slice(0, 2)).toEqual(['Host', 'second.test']);
  expect(rawHeaders.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1);
});

test('credentials in the URL become a header, unless there is one', async () => {
  const url = (await serve(echo)).replace('//', '//al%3Aice:p%40ss@');
  const first = await echoed(send(url));
  expect(first.rawHeaders).toContain(`Basic ${Buffer.from('al:ice:p@ss').toString('base64')}`);
  const own = await echoed(send(url, { headers: [{ name: 'authorization', value: bytes('Bearer t') }] }));
  expect(own.rawHeaders).toContain('Bearer t');
  expect(own.rawHeaders.join()).not.toContain('Basic');
});

test.each([
  { written: '%zz:%', means: '%zz:%' },
  { written: '%ff%C3:é', means: Buffer.from([0xff, 0xc3, 0x3a, 0xc3, 0xa9]) },
])('credentials written as $written are sent, whatever they decode to', async ({ written, means }) => {
  const { rawHeaders } = await echoed(send((await serve(echo)).replace('//', `//${written}@`)));
  expect(rawHeaders).toContain(`Basic ${Buffer.from(means).toString('base64')}`);
});

test('an answer to HEAD has no body, an extension method is sent, HTTP/1.0 is told', async () => {
  const url = await serve((request, response) => response.setHeader('x-method', request.method ?? '').end('body'));
  expect((await send(url, { method: 'HEAD' })).body).toHaveLength(0);
  expect((await send(url, { method: 'PURGE' })).response.status).toBe(200);
  expect((await send(await serveRaw('HTTP/1.0 200 OK\r\n\r\nold'))).response.version).toBe('HTTP/1.0');
});

test.each([
  { what: 'a relative URL', request: { url: '/x' } },
  { what: 'no URL', request: { url: '' } },
  { what: 'a port beyond all', request: { url: 'http://127.0.0.1:70000/' } },
  { what: 'another scheme', request: { url: 'file:///etc/passwd' } },
  { what: 'a tunnel', request: { method: 'CONNECT' } },
  { what: 'a method with a space', request: { method: 'GET /x' } },
  { what: 'an empty method', request: { method: '' } },
  { what: 'a header name with a line end', request: { headers: [{ name: 'a\r\nb', value: bytes('') }] } },
  { what: 'an empty header name', request: { headers: [{ name: '', value: bytes('') }] } },
  { what: 'a header value with a line end', request: { headers: [{ name: 'a', value: bytes('1\r\nb: 2') }] } },
  { what: 'a header value with a zero', request: { headers: [{ name: 'a', value: new Uint8Array([0]) }] } },
] satisfies { what: string; request: Partial<OutgoingRequest> }[])(
  '$what is an error, and nothing is sent',
  async ({ request }) => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests++;
      response.end();
    });
    expect((await failureOf(send(url, request))).reason).toBe('invalid');
    expect(requests).toBe(0);
  },
);

test.each([
  'http://127.0.0.1/',
  'http://127.1/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://2130706433/',
  'http://127.0.0.1./',
  'http://0/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://169.254.169.254/latest/meta-data',
  'https://10.0.0.1/',
  'http://user@192.168.1.1:8080/',
  'http://localhost:1/',
  'http://LOCALHOST/',
])('%s is refused without a connection', async (url) => {
  const error = await failureOf(send(url, {}, { policy: AddressPolicy.publicOnly }));
  expect(error.message).toMatch(/: refusing to connect to private or special-purpose addresses$/);
  expect(error.reason).toBe('refused');
});

test('redirects are followed, ten of them', async () => {
  const url = await serve((request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(302, { location: `/${left - 1}` }).end('a body that nobody reads');
  });
  expect(text((await send(`${url}/10`)).body)).toBe('there');
  expect((await failureOf(send(`${url}/11`))).message).toBe(
    `error sending request for url (${url}/1): too many redirects`,
  );
});

test.each(['http://127.0.0.2/', 'http://[::1]/', 'http://0x7f000002/', 'http://elsewhere.test/', '//10.0.0.1/x'])(
  'a redirect to %s is refused',
  async (location) => {
    const url = await serve((_request, response) => response.writeHead(307, { location }).end());
    const policy = AddressPolicy.allowing(['127.0.0.1']);
    const resolve = (): Promise<{ address: string; family: number }[]> =>
      Promise.resolve([{ address: '192.168.0.1', family: 4 }]);
    expect((await failureOf(send(url, {}, { policy, resolve }))).reason).toBe('refused');
  },
);

test('a redirect that is not to be followed is the answer', async () => {
  const url = await serve((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end('there'));
  const { response, body } = await send(url, {}, { followsRedirects: false });
  expect([response.status, text(body)]).toEqual([302, 'there']);
});

test('a redirect to another scheme is an error', async () => {
  const url = await serve((_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
  expect((await failureOf(send(url))).reason).toBe('invalid');
});

test('a name that resolves differently the second time is checked again', async () => {
  const url = await serve((_request, response) => response.end('reached'));
  const answers = [['127.0.0.1'], ['127.0.0.2'], ['10.0.0.1', '::1']];
  const resolve = (): Promise<{ address: string; family: number }[]> =>
    Promise.resolve(answers.shift()!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  const options = { policy: AddressPolicy.allowing(['127.0.0.1']), resolve };
  const named = url.replace('127.0.0.1', 'rebind.test');
  expect(text((await send(named, {}, options)).body)).toBe('reached');
  expect((await failureOf(send(named, {}, options))).reason).toBe('refused');
  expect((await failureOf(send(named, {}, options))).reason).toBe('refused');
  expect(answers).toEqual([]);
});

test('blocked addresses of a name are left out, and the others are used', async () => {
  const url = await serve((_request, response) => response.end('reached'));
  const named = url.replace('127.0.0.1', 'some.test');
  const resolve = (): Promise<{ address: string; family: number }[]> =>
    Promise.resolve([
      { address: '10.0.0.1', family: 4 },
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  expect(text((await send(named, {}, { resolve })).body)).toBe('reached');
});

test('a host that the operator names is reached at any address', async () => {
  const url = await serve((_request, response) => response.end('reached'));
  const resolve = (): Promise<{ address: string; family: number }[]> =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const policy = AddressPolicy.allowing(['inside.test']);
  expect(text((await send(url.replace('127.0.0.1', 'inside.test'), {}, { policy, resolve })).body)).toBe('reached');
  expect((await failureOf(send(url.replace('127.0.0.1', 'outside.test'), {}, { policy, resolve }))).reason).toBe(
    'refused',
  );
});

test('a name that does not resolve is an error with the reason', async () => {
  const resolve = (): Promise<never> => Promise.reject(new Error('getaddrinfo ENOTFOUND nowhere.test'));
  expect((await failureOf(send('http://nowhere.test/', {}, { resolve }))).message).toContain('ENOTFOUND');
});

test.each([
  { what: 'a head that never comes', respond: (() => {}) satisfies Respond },
  {
    what: 'a body that trickles',
    respond: ((_request, response) => {
      const dripping = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(dripping));
    }) satisfies Respond,
  },
])('the time-out covers $what', async ({ respond }) => {
  const error = await failureOf(send(await serve(respond), { timeoutMs: 60 }));
  expect(error.reason).toBe('timeout');
  expect(error.message).toMatch(/: operation timed out$/);
});

test('no time is a time-out, and nothing is sent', async () => {
  let requests = 0;
  const url = await serve((_request, response) => {
    requests++;
    response.end();
  });
  expect((await failureOf(send(url, { timeoutMs: 0 }))).reason).toBe('timeout');
  expect(requests).toBe(0);
});

test('a body beyond the limit is an error, announced or not', async () => {
  expect(MAX_RESPONSE_BYTES).toBe(32 * 1024 * 1024);
  const long = await serve((_request, response) => response.end('x'.repeat(1001)));
  expect((await failureOf(send(long, {}, { maxResponseBytes: 1000 }))).message).toContain('longer than 1000 bytes');
  expect((await send(long, {}, { maxResponseBytes: 1001 })).body).toHaveLength(1001);
  const endless = await serve((_request, response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('drain', pour);
    pour();
  });
  expect((await failureOf(send(endless, {}, { maxResponseBytes: 100_000 }))).reason).toBe('failed');
});

test('bodies that are received at the same time are within one limit, which is free again afterwards', async () => {
  expect(MAX_RECEIVING_BYTES).toBe(256 * 1024 * 1024);
  const waiting: ServerResponse[] = [];
  const url = await serve(({ url: path }, response) => {
    if (path === '/slow') waiting.push(response.writeHead(200));
    response.write('x'.repeat(600));
    if (path !== '/slow') response.end();
  });
  const network = new NodeOutgoingHttp({ policy: loopback, maxReceivingBytes: 1000 });
  const get = (path: string): ReturnType<OutgoingHttp['send']> =>
    network.send({ method: 'GET', url: url + path, headers: [], body: bytes(''), timeoutMs: 5000 }, never);
  const slow = get('/slow');
  // Its first part is there as soon as another request does not fit any more.
  const refused = async (): Promise<string> => (await failureOf(get('/'))).message;
  await expect.poll(() => refused().catch(() => '')).toContain('are receiving have over 1000 bytes');
  waiting[0]?.end();
  expect((await slow).body).toHaveLength(600);
  expect((await get('/')).body).toHaveLength(600);
});

test.each([
  { what: 'no HTTP at all', answer: 'SSH-2.0-OpenSSH\r\n' },
  { what: 'a head without end', answer: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}` },
  { what: 'a body cut short', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc' },
  { what: 'two lengths', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab' },
  { what: 'another protocol', answer: 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello' },
  { what: 'nothing', answer: '' },
])('a server that answers with $what is an error', async ({ answer }) => {
  expect((await failureOf(send(await serveRaw(answer)))).reason).toBe('failed');
});

test('a URL in an error has no query and no credentials', async () => {
  const url = (await serveRaw('nonsense\r\n\r\n')).replace('//', '//user:secret1@');
  const { message } = await failureOf(send(`${url}/path?key=secret2#secret3`));
  expect(message).toMatch(/^error sending request for url \(http:\/\/127\.0\.0\.1:\d+\/path\): ./);
  expect(message).not.toContain('secret');
});

test('nobody listens: the error says so', async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  expect((await failureOf(send(`http://127.0.0.1:${port}/`))).message).toContain('ECONNREFUSED');
});

test('plain HTTP where TLS is expected is an error', async () => {
  const url = (await serve(echo)).replace('http:', 'https:');
  expect((await failureOf(send(url))).reason).toBe('failed');
});

test.each(['the head', 'the body'])('an abort ends a request that waits for %s', async (what) => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const url = await serve((_request, response) => {
    if (what === 'the body') response.write('first');
    arrived.resolve(response);
  });
  const controller = new AbortController();
  const sending = send(url, {}, {}, controller.signal);
  const response = await arrived.promise;
  const closed = once(response, 'close');
  controller.abort(new Error('the database is closed'));
  await expect(sending).rejects.toThrow('the database is closed');
  await closed;
  await expect(send(url, {}, {}, controller.signal)).rejects.toThrow('the database is closed');
});
