// Bodies that are too long, or are refused before they are read: clients that send all of it first see the answer.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { newUser, programs, publish } from './fixtures.ts';

const LENGTH = 31_000_000;
const CHUNK = new Uint8Array(100_000).fill(0x20);
const TOO_LONG = 'Failed to buffer the request body: length limit exceeded';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  await publish(server.url, 'web', await newUser(server.url), programs.httpHandlers);
});
afterAll(() => server.close());

/** Sends a body of 31 MB to its end and only then looks at the answer. */
async function sendAll(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; body: string; connection: string | undefined }> {
  const request = httpRequest({ port: server.port, path, method, headers, agent: false });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  for (let sent = 0; sent < LENGTH; sent += CHUNK.length) {
    if (!request.write(CHUNK)) await once(request, 'drain');
  }
  request.end();
  await once(request, 'finish');
  const [response] = await answered;
  return { status: response.statusCode, body: await text(response), connection: response.headers.connection };
}

const announced = { 'content-length': String(LENGTH) };
const json = { 'content-type': 'application/json' };

test.each([
  { method: 'POST', path: '/v1/database/web/call/x', headers: { ...announced, ...json }, status: 413, body: TOO_LONG },
  { method: 'POST', path: '/v1/database/web/call/x', headers: json, status: 413, body: TOO_LONG },
  { method: 'POST', path: '/v1/database/web/sql', headers: announced, status: 413, body: TOO_LONG },
  { method: 'PUT', path: '/v1/database/web/reset', headers: {}, status: 413, body: TOO_LONG },
  { method: 'POST', path: '/v1/database/web/route/methods/post', headers: announced, status: 413, body: TOO_LONG },
  { method: 'POST', path: '/v1/database/web/route/methods/post', headers: {}, status: 413, body: TOO_LONG },
  { method: 'PUT', path: '/v1/ping', headers: { connection: 'close' }, status: 405, body: '' },
  { method: 'PUT', path: '/v1/nothing', headers: { connection: 'close' }, status: 404, body: '' },
  {
    method: 'PUT',
    path: '/v1/database/web',
    headers: { ...announced, connection: 'close', authorization: 'Bearer x' },
    status: 401,
    body: 'Invalid token: InvalidToken',
  },
  {
    method: 'PUT',
    path: '/v1/database/web?host_type=x',
    headers: announced,
    status: 400,
    body: 'Failed to deserialize query string: unknown variant `x`, expected `Wasm` or `Js`',
  },
])('$method $path with 31 MB and $headers gets $status', async ({ method, path, headers, status, body }) => {
  expect(await sendAll(method, path, headers)).toMatchObject({ status, body });
});

test('a connection is closed after an answer to a body that was too long', async () => {
  expect(await sendAll('POST', '/v1/database/web/sql', announced)).toMatchObject({ status: 413, connection: 'close' });
  expect(await sendAll('POST', '/v1/database/web/route/methods/post', announced)).toMatchObject({
    status: 413,
    connection: 'close',
  });
});

test('a client that goes away in the middle of a body is not for the log: anybody could fill a disk with it', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const other = await startServer({ listenAddress: '127.0.0.1:0', log });
  const owner = await newUser(other.url);
  await publish(other.url, 'web', owner, programs.httpHandlers);
  const socket = connect(other.port, '127.0.0.1');
  socket.write('POST /v1/database/web/sql HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n');
  await once(socket, 'data'); // The request is being answered: its body is waited for.
  socket.write('SELECT');
  socket.destroy();
  await once(socket, 'close');
  await other.close();
  expect(lines).toEqual([]);
});

test('a client that goes away in the middle of a body that is too long leaves nothing behind', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write('POST /v1/database/web/sql HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\n');
  socket.write(new Uint8Array(3_000_000));
  socket.end();
  socket.resume();
  await once(socket, 'close');
  // A stop waits for requests that are being answered.
  await expect(server.close()).resolves.toBeUndefined();
});
