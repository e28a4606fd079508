import { performance } from 'node:perf_hooks';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { WebSocket } from 'ws';

/** Milliseconds on a clock that all threads of this process share. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Connects over v2, where a frame is a message, and waits for the first message. */
export async function connectSmallClient(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'v2.bsatn.spacetimedb', { perMessageDeflate: false });
  socket.binaryType = 'nodebuffer';
  await new Promise<void>((resolve, reject) => {
    socket.once('message', () => resolve());
    socket.once('error', reject);
  });
  return socket;
}

/** Connects many, a few at a time. */
export async function connectSmallClients(url: string, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const next = Math.min(50, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, () => connectSmallClient(url)))));
  }
  return sockets;
}

/** Subscribes to the row of one account, `copies` times, and waits until all are applied. */
export async function watchAccount(socket: WebSocket, account: number, copies: number): Promise<void> {
  let left = copies;
  const applied = new Promise<void>((resolve) => {
    const count = (): void => {
      if (--left > 0) return;
      socket.off('message', count);
      resolve();
    };
    socket.on('message', count);
  });
  for (let id = 0; id < copies; id++) {
    const queries = [`SELECT * FROM accounts WHERE id = ${account}`];
    const writer = new ByteWriter();
    writeClientMessage(writer, { tag: 'Subscribe', requestId: id, querySetId: id, queries });
    socket.send(writer.finish());
  }
  await applied;
}

/** A call that moves 1 between two accounts. */
export function transferFrame(requestId: number, from: number, to: number): Uint8Array {
  const args = new ByteWriter();
  args.u32(from);
  args.u32(to);
  args.i64(1n);
  const writer = new ByteWriter();
  writeClientMessage(writer, { tag: 'CallReducer', requestId, reducer: 'transfer', args: args.finish() });
  return writer.finish();
}

/** Calls one transfer after the other, waiting for each answer. @returns the milliseconds that each took */
export async function callInTurn(socket: WebSocket, durationMs: number): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + durationMs;
  for (let i = 0; performance.now() < end; i++) {
    const start = performance.now();
    socket.send(transferFrame(i, i % 2, (i + 1) % 2));
    await new Promise<void>((resolve, reject) => {
      socket.once('message', () => resolve());
      socket.once('close', reject);
    });
    socket.removeAllListeners('close');
    latencies.push(performance.now() - start);
  }
  return latencies;
}
