// A thread of other clients, so that the one that is measured has its event loop for itself.
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { askAhead, keptRequest } from './kept-connection.ts';
import { newToken } from './lightcone-process.ts';
import {
  connectSmallClient,
  connectSmallClients,
  sharedNow,
  sendSubscribe,
  sendUnsubscribe,
  subscribe,
  transferFrame,
} from './small-client.ts';

/** What a thread's clients do. */
export type ClientTask =
  | { readonly kind: 'idle'; readonly count: number }
  /** Subscribe 100 times to what changes, and take what they get or leave it. */
  | {
      readonly kind: 'watch-many';
      readonly count: number;
      readonly reads: 'everything' | 'a byte a second' | 'nothing';
    }
  /** Call as fast as they can, `burst` calls before they wait for the answers; who is closed comes again. */
  | { readonly kind: 'flood'; readonly count: number; readonly burst: number }
  /** Subscribe to and unsubscribe from so many queries as fast as they can, 100 times before they wait for the answers. */
  | { readonly kind: 'subscribe-flood'; readonly count: number; readonly queries: number }
  /** Ask over HTTP as fast as they can, each over a kept connection with `ahead` requests before their answers are there. */
  | {
      readonly kind: 'http-flood';
      readonly count: number;
      readonly ahead: number;
      readonly asks: 'calls' | 'queries';
    }
  /** Subscribe, and tell of each update when the last of them has it. */
  | { readonly kind: 'watch'; readonly count: number }
  /** Asked to begin, subscribe so many times, each over a connection of its own, and tell when the rows were there. */
  | { readonly kind: 'read'; readonly query: string; readonly times: number };

/** When what a client asked for arrived, by its own count of bytes. */
export interface ArrivalTimes {
  readonly bytes: number;
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

const { url, task, yields } = workerData as {
  readonly url: string;
  readonly task: ClientTask;
  readonly yields: boolean;
};
// Linux keeps priorities by thread: `/proc/thread-self` is `<process>/task/<thread>`.
if (yields) setPriority(Number(readlinkSync('/proc/thread-self').split('/').pop()), constants.priority.PRIORITY_LOW);
const WATCHED = 'SELECT * FROM accounts WHERE id = 0';
if (parentPort === null) throw new Error('this file runs as a worker of a benchmark');
const port = parentPort;
switch (task.kind) {
  case 'idle':
    await connectSmallClients(url, task.count);
    break;
  case 'watch-many':
    for (const socket of await connectSmallClients(url, task.count)) {
      socket.on('error', () => undefined);
      for (let id = 0; id < 100; id++) await subscribe(socket, id, [WATCHED]);
      if (task.reads !== 'everything') socket.pause();
      if (task.reads === 'a byte a second') setInterval(() => rawSocket(socket).read(1), 1000).unref();
    }
    break;
  case 'flood':
    for (let i = 0; i < task.count; i++) void flood(task.burst, 10 + 2 * i);
    break;
  case 'subscribe-flood':
    for (let i = 0; i < task.count; i++) void subscribeFlood(task.queries);
    break;
  case 'http-flood':
    await httpFlood(task.count, task.ahead, task.asks);
    break;
  case 'watch':
    await watch(task.count);
    break;
  case 'read':
    port.once('message', () => void read(task.query, task.times).then((times) => port.postMessage(times)));
    break;
}
port.postMessage('ready');
// Stays until it is terminated.
setInterval(() => undefined, 1000);

function rawSocket(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket; // `ws` has no public way
}

async function flood(burst: number, account: number): Promise<void> {
  for (;;) {
    const socket = await connectSmallClient(url);
    await new Promise<void>((closed) => {
      let answers = 0;
      const send = (): void => {
        for (let i = 0; i < burst; i++) socket.send(transferFrame(i, account + (i % 2), account + ((i + 1) % 2)));
      };
      socket.on('error', () => undefined);
      socket.on('close', () => closed());
      socket.on('message', () => {
        if (++answers % burst === 0) send();
      });
      send();
    });
  }
}

async function subscribeFlood(count: number): Promise<void> {
  const queries = Array.from({ length: count }, (_, i) => `SELECT * FROM accounts WHERE id = ${i}`);
  const socket = await connectSmallClient(url);
  for (let id = 0; ; id += 100) {
    for (let i = 0; i < 100; i++) {
      sendSubscribe(socket, id + i, queries);
      sendUnsubscribe(socket, id + i);
    }
    let answers = 0;
    await new Promise<void>((resolve) => {
      socket.removeAllListeners('message').on('message', () => {
        if (++answers === 200) resolve();
      });
    });
  }
}

async function httpFlood(count: number, ahead: number, asks: 'calls' | 'queries'): Promise<void> {
  const target = new URL(url);
  const token = await newToken(target.host);
  const database = target.pathname.replace('/subscribe', '');
  for (let i = 0; i < count; i++) {
    const account = 10 + 2 * i;
    const request =
      asks === 'calls'
        ? keptRequest(`${database}/call/transfer`, token, JSON.stringify([account, account + 1, 1]))
        : keptRequest(`${database}/sql`, token, `SELECT * FROM accounts WHERE id = ${account}`);
    await askAhead(target, request, ahead);
  }
}

async function watch(count: number): Promise<void> {
  const sockets = await connectSmallClients(url, count);
  let received = 0;
  for (const socket of sockets) {
    await subscribe(socket, 0, [WATCHED]);
    // An update is a packet by itself, as the next comes when all have had it: to take frames apart would cost the
    // server's cores more than to send them.
    rawSocket(socket)
      .removeAllListeners('data')
      .on('data', () => {
        if (++received % count === 0) port.postMessage(sharedNow());
      });
  }
}

async function read(query: string, times: number): Promise<ArrivalTimes[]> {
  const arrivals: ArrivalTimes[] = [];
  for (let i = 0; i < times; i++) {
    const socket = await connectSmallClient(url);
    const start = sharedNow();
    let bytes = 0;
    let firstByteMs = 0;
    rawSocket(socket).on('data', (chunk: Buffer) => {
      if (bytes === 0) firstByteMs = sharedNow() - start;
      bytes += chunk.length;
    });
    await new Promise<void>((resolve) => {
      socket.once('message', () => resolve());
      sendSubscribe(socket, 0, [query]);
    });
    arrivals.push({ bytes, firstByteMs, lastByteMs: sharedNow() - start });
    socket.terminate();
  }
  return arrivals;
}
