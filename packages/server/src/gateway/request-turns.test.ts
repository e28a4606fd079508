import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RequestTurns } from './request-turns.ts';

/*
 * Real sockets, and a loop whose turns are taken by hand.
 */

let deferred: (() => void)[];
/** What was begun, by path, and not answered. */
let begun: Map<string, ServerResponse>;
let received: number;
let sockets: Socket[];
const server = createServer();

beforeEach(async () => {
  deferred = [];
  begun = new Map();
  received = 0;
  sockets = [];
  const turns = new RequestTurns(
    (request, response) => void begun.set(request.url ?? '', response),
    (run) => deferred.push(run),
  );
  server.on('request', (request, response) => {
    received++;
    turns.receive(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.removeAllListeners('request').closeAllConnections();
  await once(server.close(), 'close');
});

/** Connects and asks for paths without waiting; resolves when the server has read all of it. */
async function ask(...paths: readonly string[]): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  await write(socket, ...paths);
  return socket;
}

async function write(socket: Socket, ...paths: readonly string[]): Promise<void> {
  const last = paths.at(-1);
  const isRead = new Promise<void>((resolve) => {
    const look = ({ url }: IncomingMessage): void => {
      if (url !== last) return;
      server.off('request', look);
      resolve();
    };
    server.on('request', look);
  });
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  await isRead;
}

/** @returns what was begun in the turn */
function turn(): string[] {
  const before = [...begun.keys()];
  for (const run of deferred.splice(0)) run();
  return [...begun.keys()].filter((path) => !before.includes(path));
}

/** Answers and waits until the server is done with it. */
async function answer(path: string): Promise<void> {
  const response = begun.get(path)!; // it was begun
  const closed = once(response, 'close');
  response.end();
  await closed;
}

test('in each turn requests of two connections are begun, and of a connection the next when the last is answered', async () => {
  await ask('/a1', '/a2', '/a3');
  await ask('/b1');
  await ask('/c1');
  expect([turn(), turn(), turn()]).toEqual([['/a1', '/b1'], ['/c1'], []]);
  await ask('/d1');
  await ask('/e1');
  await answer('/a1');
  await ask('/f1');
  expect([turn(), turn(), turn()]).toEqual([['/d1', '/e1'], ['/a2', '/f1'], []]);
  await answer('/a2');
  expect([turn(), turn()]).toEqual([['/a3'], []]);
});

test('a connection whose requests were all answered is begun with like a new one', async () => {
  const socket = await ask('/a1');
  expect(turn()).toEqual(['/a1']);
  await answer('/a1');
  await write(socket, '/a2');
  expect(turn()).toEqual(['/a2']);
});

test('what waits of a connection that is gone is not begun, and holds nobody up', async () => {
  const gone = await ask('/a1', '/a2');
  expect(turn()).toEqual(['/a1']);
  await ask('/b1');
  const closed = once(begun.get('/a1')!, 'close'); // begun above
  gone.destroy();
  await closed;
  expect([turn(), turn(), turn()]).toEqual([['/b1'], [], []]);
});

test('a connection with many that wait is not read from until they are begun, and all are answered in their order', async () => {
  const paths = Array.from({ length: 8000 }, (_, i) => `/${i}`);
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  const [first] = (await Promise.all([
    once(server, 'request'),
    once(socket, 'connect').then(() => {
      socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
    }),
  ])) as unknown as [[IncomingMessage]];
  // Two turns of the real loop: one for the rest of what was read, one in which more would have been.
  for (let i = 0; i < 2; i++) await new Promise((done) => setImmediate(done));
  expect(first[0].socket.isPaused()).toBe(true);
  // A read has 64 KiB.
  expect(received).toBeLessThan(2 * (65_536 / 'GET /1 HTTP/1.1rnhost: arnrn'.length));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  const order: string[] = [];
  while (order.length < paths.length) {
    const [path] = turn();
    if (path === undefined) {
      await new Promise((done) => setImmediate(done)); // until more is read
      continue;
    }
    await answer(path);
    begun.delete(path);
    order.push(path);
  }
  expect(order).toEqual(paths);
  const countAnswers = (): number => text.split('HTTP/1.1 200').length - 1;
  while (countAnswers() < paths.length) await once(socket, 'data');
});
