import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
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

interface Opened {
  readonly client: Duplex;
  /** What was heard, in order: messages and pings as their bytes in hexadecimal, errors by their codes. */
  readonly heard: string[];
  readonly closed: Promise<unknown>;
}

/** A WebSocket of `ws` over a pair of streams, whose whole frames are read by us. */
function open(): Opened {
  const [socket, client] = duplexPair();
  const request = {
    method: 'GET',
    headers: { upgrade: 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' },
  } as unknown as IncomingMessage;
  client.resume();
  const heard: string[] = [];
  const server = new WebSocketServer({ noServer: true, clientTracking: false });
  const closed = Promise.withResolvers<void>();
  server.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket) => {
    // All that is asked of the socket is what every stream has.
    readWholeFrames(webSocket, socket as Socket, (bytes) => heard.push(hex(bytes)));
    webSocket.on('message', (data) => heard.push(hex(data as Buffer)));
    webSocket.on('ping', (data) => heard.push(`ping ${hex(data)}`));
    webSocket.on('error', (error: Error & { code?: string }) => heard.push(error.code ?? error.message));
    webSocket.on('close', () => closed.resolve());
  });
  return { client, heard, closed: closed.promise };
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

/** Long ones by their length and a digest. */
function hex(bytes: Uint8Array): string {
  if (bytes.length <= 20) return Buffer.from(bytes).toString('hex');
  return `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`;
}

property.prop([fc.array(message, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean()], {
  numRuns: 200,
})(
  'whatever clients send, and however it is cut on its way, is heard once and in order',
  async (all, cuts, isByFrame) => {
    const { client, heard, closed } = open();
    const frames = all.flatMap((one) => one.frames);
    if (isByFrame) {
      // Copies, as readers take the masks off in place.
      for (const bytes of frames) client.write(Buffer.from(bytes));
    } else {
      const bytes = Buffer.concat(frames);
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
      ends.forEach((end, i) => client.write(bytes.subarray(ends[i - 1] ?? 0, end)));
    }
    client.write(frame(CLOSE, new Uint8Array(0)));
    client.end();
    await closed;
    expect(heard).toEqual(all.map((one) => one.heard));
  },
);

test('frames that are whole are read here, alone or together, and the bytes are those that were sent', () => {
  const frames = new WholeFrames();
  const read: string[] = [];
  const bytes = [0, 1, 2, 3, 4, 5, 126, 1000].map((length) => new Uint8Array(length).map((_, i) => i * 7));
  expect(frames.read(Buffer.concat(bytes.map((one) => frame(BINARY, one))), (one) => read.push(hex(one)))).toBe(true);
  expect(read).toEqual(bytes.map(hex));
});

test.each([
  { what: 'without a mask', bytes: [0x82, 1, 7] },
  { what: 'with a reserved bit', bytes: [...frame(BINARY | 0x40, Uint8Array.of(7))] },
  { what: 'of an unknown kind', bytes: [...frame(3, Uint8Array.of(7))] },
  { what: 'longer than any may be', bytes: [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] },
])('a frame $what is an error, and nothing after it is heard', async ({ bytes }) => {
  const { client, heard, closed } = open();
  client.write(frame(BINARY, Uint8Array.of(1)));
  client.write(Buffer.from(bytes));
  client.write(frame(BINARY, Uint8Array.of(2)));
  client.end();
  await closed;
  expect(heard).toEqual(['01', expect.stringMatching(/^WS_ERR_/u)]);
});

test('nothing is heard after a close frame', async () => {
  const { client, heard, closed } = open();
  client.write(Buffer.concat([frame(BINARY, Uint8Array.of(1)), frame(CLOSE, new Uint8Array(0))]));
  client.write(frame(BINARY, Uint8Array.of(2)));
  client.write(frame(PING, Uint8Array.of(3)));
  client.end();
  await closed;
  expect(heard).toEqual(['01']);
});
