// A thread of other clients, so that the one that is measured has its event loop for itself.
import { parentPort, workerData } from 'node:worker_threads';
import type { WebSocket } from 'ws';
import { connectSmallClient, connectSmallClients, sharedNow, transferFrame, watchAccount } from './small-client.ts';

/** What a thread's clients do. */
export type ClientTask =
  | { readonly kind: 'idle'; readonly count: number }
  /** Subscribe to what changes and take a byte a second, or none. */
  | { readonly kind: 'slow'; readonly count: number; readonly readsByte: boolean }
  /** Call as fast as they can, `burst` calls before they wait for the answers; who is closed comes again. */
  | { readonly kind: 'flood'; readonly count: number; readonly burst: number }
  /** Subscribe, and tell of each update when the last of them has it. */
  | { readonly kind: 'watch'; readonly count: number };

const { url, task } = workerData as { readonly url: string; readonly task: ClientTask };
if (parentPort === null) throw new Error('this file runs as a worker of a benchmark');
const port = parentPort;
switch (task.kind) {
  case 'idle':
    await connectSmallClients(url, task.count);
    break;
  case 'slow':
    for (const socket of await connectSmallClients(url, task.count)) {
      socket.on('error', () => undefined);
      await watchAccount(socket, 0, 100);
      socket.pause();
      if (task.readsByte) setInterval(() => rawSocket(socket).read(1), 1000).unref();
    }
    break;
  case 'flood':
    for (let i = 0; i < task.count; i++) void flood(task.burst, 10 + 2 * i);
    break;
  case 'watch':
    await watch(task.count);
    break;
}
port.postMessage('ready');
// Stays until it is terminated.
setInterval(() => undefined, 1000);

function rawSocket(socket: WebSocket): { read(bytes: number): unknown } {
  return (socket as unknown as { _socket: { read(bytes: number): unknown } })._socket; // `ws` has no public way
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

async function watch(count: number): Promise<void> {
  const sockets = await connectSmallClients(url, count);
  for (const socket of sockets) await watchAccount(socket, 0, 1);
  let received = 0;
  for (const socket of sockets) {
    socket.on('message', () => {
      if (++received % count === 0) port.postMessage(sharedNow());
    });
  }
}
