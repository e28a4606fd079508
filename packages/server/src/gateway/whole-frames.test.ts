import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { WholeFrames, readWholeFrames } from './whole-frames.ts';

const [CONTINUATION, TEXT, BINARY, CLOSE, PING] = [0, 1, 2, 8, 9];

/** A frame as clients send it. */
function frame(opcode: number, payload: Uint8Array, isFinal = true, mask = [1, 2, 3, 4]): Buffer {
  const { length } = payload;
  const header = [opcode | (isFinal ? 0x80 : 0)];
  if (length < 126) header.push(0x80 | length);
  else if (length < 65_536) header.push(0x80 | 126, length >> 8, length & 0xff);
  else header.push(0x80 | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  return Buffer.from([...header, ...mask, ...payload.map((byte, i) => byte ^ mask[i % 4]!)]);
}

type OnFrame = (payload: Buffer) => void;

interface Opened {
  readonly socket: Duplex;
  readonly webSocket: WebSocket;
  /** What was heard, in order: messages and pings as their bytes in hexadecimal, errors by their codes. */
  readonly heard: string[];
  readonly closed: Promise<unknown>;
}

/** A WebSocket of `ws`, whose whole frames are read by us. Without a socket over a stream to which the test pushes. */
async function open({
  socket = new Duplex({ read: () => {}, write: (_, __, done) => done() }),
  head = Buffer.alloc(0),
  onFrame,
}: { socket?: Duplex; head?: Buffer; onFrame?: OnFrame } = {}): Promise<Opened> {
  const request = {
    method: 'GET',
    headers: { upgrade: 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' },
  } as unknown as IncomingMessage;
  const heard: string[] = [];
  const server = new WebSocketServer({ noServer: true, clientTracking: false });
  const closed = Promise.withResolvers<void>();
  let opened: WebSocket | undefined;
  server.handleUpgrade(request, socket, head, (webSocket) => {
    opened = webSocket;
    // All that is asked of the socket is what every stream has.
    readWholeFrames(webSocket, socket as Socket, head, onFrame ?? ((bytes) => heard.push(hex(bytes))));
    webSocket.on('message', (data) => heard.push(hex(data as Buffer)));
    webSocket.on('ping', (data) => heard.push(`ping ${hex(data)}`));
    webSocket.on('error', (error: Error & { code?: string }) => heard.push(error.code ?? error.message));
    webSocket.on('close', () => closed.resolve());
  });
  // By now it flows.
  await setImmediate();
  return { socket, webSocket: opened!, heard, closed: closed.promise }; // it was opened at once
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom(125, 126, 127, 300, 65_535, 65_536).map((length) => new Uint8Array(length).fill(length)),
);
const message = fc.oneof(
  { weight: 6, arbitrary: payload.map((bytes) => ({ frames: [frame(BINARY, bytes)], heard: hex(bytes) })) },
  {
    weight: 1,
    arbitrary: fc.constant({ frames: [frame(TEXT, Buffer.from('text'))], heard: hex(Buffer.from('text')) }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ frames: [frame(PING, Buffer.from('p'))], heard: `ping ${hex(Buffer.from('p'))}` }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(payload, payload).map(([first, last]) => ({
      frames: [frame(BINARY, first, false), frame(CONTINUATION, last)],
      heard: hex(Buffer.concat([first, last])),
    })),
  },
);

/** What is done before each chunk, over and over. */
const pauses = fc.array(fc.constantFrom('turn', 'pause', 'resume', 'nothing'), { minLength: 1, maxLength: 6 });

/** Long ones by their length and a digest. */
function hex(bytes: Uint8Array): string {
  if (bytes.length <= 20) return Buffer.from(bytes).toString('hex');
  return `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`;
}

property.prop(
  [fc.array(message, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), fc.boolean(), pauses],
  {
    numRuns: 200,
  },
)(
  'whatever clients send, however it is cut on its way and when it is read, is heard once and in order',
  async (all, cuts, isByFrame, isWithRequest, pausing) => {
    const frames = all.flatMap((one) => one.frames);
    const bytes = Buffer.concat(frames);
    const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
    // Copies, as readers take the masks off in place.
    const chunks = isByFrame ? frames : ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
    const head = Buffer.from(isWithRequest ? (chunks.shift() ?? []) : []);
    const { socket, webSocket, heard, closed } = await open({ head });
    for (const [i, chunk] of chunks.entries()) {
      const step = pausing[i % pausing.length];
      if (step === 'pause') webSocket.pause();
      else if (step === 'resume') webSocket.resume();
      else if (step === 'turn') await setImmediate();
      const before = heard.length;
      socket.push(Buffer.from(chunk));
      if (webSocket.isPaused) expect(heard).toHaveLength(before);
    }
    webSocket.resume();
    socket.push(frame(CLOSE, new Uint8Array(0)));
    socket.push(null);
    await closed;
    expect(heard).toEqual(all.map((one) => one.heard));
  },
);

test('what a socket of Node reads does not pass through its stream, and it reads on', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  let hear: OnFrame = () => {};
  const { closed } = await open({ socket, onFrame: (payload) => hear(payload) });
  const chunks: number[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk.length));
  client.resume();
  for (let i = 0; i < 100; i++) {
    const heard = new Promise<Buffer>((resolve) => (hear = resolve));
    client.write(frame(BINARY, Uint8Array.of(i)));
    expect([...(await heard)]).toEqual([i]);
  }
  const end = frame(CLOSE, new Uint8Array(0));
  client.end(end);
  await closed;
  server.close();
  expect(chunks).toEqual([end.length]);
});

test.each(['with the request', 'later'])('what looks like a frame inside one that began %s is none', async (when) => {
  const inner = frame(BINARY, Uint8Array.of(7));
  const outer = frame(BINARY, inner, true, [0, 0, 0, 0]);
  const beginning = outer.subarray(0, outer.length - inner.length);
  const { socket, heard, closed } = await open(when === 'later' ? {} : { head: Buffer.from(beginning) });
  if (when === 'later') socket.push(beginning);
  socket.push(Buffer.from(inner));
  socket.push(frame(CLOSE, new Uint8Array(0)));
  socket.push(null);
  await closed;
  expect(heard).toEqual([hex(inner)]);
});

test('frames that are whole are read here, alone or together, and the bytes are those that were sent', () => {
  const frames = new WholeFrames();
  const read: string[] = [];
  const bytes = [0, 1, 2, 3, 4, 5, 126, 1000].map((length) => new Uint8Array(length).map((_, i) => i * 7));
  expect(frames.read(Buffer.concat(bytes.map((one) => frame(BINARY, one))), true, (one) => read.push(hex(one)))).toBe(
    true,
  );
  expect(read).toEqual(bytes.map(hex));
});

test.each([
  { what: 'without a mask', bytes: [0x82, 1, 7] },
  { what: 'with a reserved bit', bytes: [...frame(BINARY | 0x40, Uint8Array.of(7))] },
  { what: 'of an unknown kind', bytes: [...frame(3, Uint8Array.of(7))] },
  { what: 'longer than any may be', bytes: [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] },
])('a frame $what is an error, and nothing after it is heard', async ({ bytes }) => {
  const { socket, heard, closed } = await open();
  socket.push(frame(BINARY, Uint8Array.of(1)));
  socket.push(Buffer.from(bytes));
  socket.push(frame(BINARY, Uint8Array.of(2)));
  socket.push(null);
  await closed;
  expect(heard).toEqual(['01', expect.stringMatching(/^WS_ERR_/u)]);
});

test('nothing is heard after a close frame', async () => {
  const { socket, heard, closed } = await open();
  socket.push(Buffer.concat([frame(BINARY, Uint8Array.of(1)), frame(CLOSE, new Uint8Array(0))]));
  socket.push(frame(BINARY, Uint8Array.of(2)));
  socket.push(frame(PING, Uint8Array.of(3)));
  socket.push(null);
  await closed;
  expect(heard).toEqual(['01']);
});
