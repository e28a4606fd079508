import { performance } from 'node:perf_hooks';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { WebSocket } from 'ws';

/** Behind the tag of the compression, none. */
const SUBSCRIBE_APPLIED = 1;

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

export function sendSubscribe(socket: WebSocket, querySetId: number, queries: readonly string[]): void {
  const writer = new ByteWriter();
  writeClientMessage(writer, { tag: 'Subscribe', requestId: querySetId, querySetId, queries });
  socket.send(writer.finish());
}

export function sendUnsubscribe(socket: WebSocket, querySetId: number): void {
  const writer = new ByteWriter();
  writeClientMessage(writer, { tag: 'Unsubscribe', requestId: querySetId, querySetId, sendDroppedRows: false });
  socket.send(writer.finish());
}

/** Subscribes and waits until it is applied. */
export async function subscribe(socket: WebSocket, querySetId: number, queries: readonly string[]): Promise<void> {
  const answered = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  sendSubscribe(socket, querySetId, queries);
  const answer = await answered;
  if (answer[1] !== SUBSCRIBE_APPLIED) throw new Error(`subscribing failed: ${answer.toString('latin1')}`);
}

/** Writes a call that moves 1 between two accounts. */
export function writeTransfer(writer: ByteWriter, requestId: number, from: number, to: number): void {
  const args = new ByteWriter();
  args.u32(from);
  args.u32(to);
  args.i64(1n);
  writeClientMessage(writer, { tag: 'CallReducer', requestId, reducer: 'transfer', args: args.finish() });
}

/** A message with such a call. */
export function transferFrame(requestId: number, from: number, to: number): Uint8Array {
  const writer = new ByteWriter();
  writeTransfer(writer, requestId, from, to);
  return writer.finish();
}

/** Calls one transfer after the other, waiting for each answer. @returns the milliseconds that each took */
export async function callInTurn(socket: WebSocket, durationMs: number, signal?: AbortSignal): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + durationMs;
  for (let i = 0; performance.now() < end && !signal?.aborted; i++) {
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
