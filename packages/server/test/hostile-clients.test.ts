import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientMessage } from '@lightcone/protocol';
import type { ClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

const OUTGOING_BYTES = 1024 * 1024;
const INCOMING_FRAMES = 16_384;
const CONFIG = `
[websocket]
outgoing-queue-bytes = ${OUTGOING_BYTES}
[modules]
energy-per-call = 400_000_000
`;

let folder: string;
let server: RunningServer;
let owner: User;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-hostile-'));
  await writeFile(join(folder, 'config.toml'), CONFIG);
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  owner = await newUser(server.url);
  await publish(server.url, 'test', owner, programs.test);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function connect(protocol = 'v3.bsatn.spacetimedb', query: Record<string, string> = {}): Promise<TestClient> {
  const client = await TestClient.connect(server.url, 'test', { protocols: [protocol], query });
  await client.next('InitialConnection');
  return client;
}

/** The sum of a metric over its labels; only those with `label` if it is given. */
async function metric(name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${server.url}/v1/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

const disconnected = (cause: string): Promise<number> =>
  metric('spacetime_worker_ws_client_disconnections_total', `cause="${cause}"`);

/** A client by hand, which reads what it wants: the handshake of RFC 6455 §4.1, then frames of §5.2. */
async function connectByHand(): Promise<Socket> {
  const socket = connectTcp(server.port, '127.0.0.1');
  socket.write(
    'GET /v1/database/test/subscribe?compression=None HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
      'Sec-WebSocket-Protocol: v2.bsatn.spacetimedb\r\n\r\n',
  );
  await once(socket, 'readable');
  return socket;
}

/** Sends a binary frame with the mask 0. */
function sendByHand(socket: Socket, message: ClientMessage): void {
  const writer = new ByteWriter();
  writeClientMessage(writer, message);
  const payload = writer.finish();
  const head = Buffer.from([0x82, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  socket.write(Buffer.concat([head, payload]));
}

/** The bytes of all rows, as text. */
function rowsText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'object' && value !== null ? Object.values(value).map(rowsText).join(' ') : '';
}

test.each([
  { what: 'reads nothing', read: () => undefined },
  { what: 'reads a byte now and then', read: (socket: Socket) => void socket.read(1) },
])('a client that $what is dropped at its bound, and what the others get goes on', async ({ read }) => {
  const before = await disconnected('outgoing_queue_full');
  const [writer, reader] = [await connect(), await connect()];
  reader.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM label'] });
  await reader.next('SubscribeApplied');
  const slow = await connectByHand();
  slow.on('error', () => undefined); // it will be cut off
  // Many query sets, so that it gets many bytes for each transaction.
  for (let id = 0; id < 40; id++) {
    sendByHand(slow, { tag: 'Subscribe', requestId: id, querySetId: id, queries: ['SELECT * FROM label'] });
  }
  let calls = 0;
  let mostQueued = 0;
  while ((await disconnected('outgoing_queue_full')) === before) {
    expect(calls).toBeLessThan(10_000);
    for (let i = 0; i < 25; i++) {
      writer.call(calls, 'add_label', textArgs(`${slow.localPort} ${calls}`.padEnd(1000)));
      expect(await writer.next('ReducerResult')).toMatchObject({ requestId: calls, outcome: { tag: 'Ok' } });
      expect((await reader.next('TransactionUpdate')).querySets).toHaveLength(1);
      calls++;
      read(slow);
    }
    mostQueued = Math.max(mostQueued, await metric('lightcone_outgoing_queue_bytes'));
  }
  // It is looked at before each write, and one write of this test is some 45 kB.
  expect(mostQueued).toBeLessThan(OUTGOING_BYTES + 200_000);
  slow.destroy();
  await Promise.all([writer.close(), reader.close()]);
});

test('a client that floods is closed with 1013, and what waited of it is dropped', async () => {
  const healthy = await connect();
  const flood = await connect('v2.bsatn.spacetimedb');
  flood.call(0, 'loop_forever');
  const sent = 2 * INCOMING_FRAMES;
  for (let i = 1; i <= sent; i++) flood.call(i, 'add_label', textArgs(`dropped ${i}`));
  expect(await flood.closed).toEqual({ code: 1013, reason: 'too many requests' });
  healthy.call(1, 'add_label', textArgs('beside the flood'));
  expect((await healthy.next('ReducerResult')).outcome.tag).toBe('Ok');
  expect(await disconnected('incoming_queue_full')).toBe(1);
  const lastRows = "SELECT COUNT(*) AS n FROM label WHERE text = 'dropped 16000'";
  expect(await sql(server.url, 'test', owner, lastRows)).toEqual([[0]]);
  expect(await metric('spacetime_total_incoming_queue_length')).toBe(0);
  await healthy.close();
});

test('a frame with more messages than may wait is not done to its end', async () => {
  const [healthy, flood] = [await connect(), await connect()];
  const calls = Array.from({ length: INCOMING_FRAMES + 100 }, (_, i) => {
    return { tag: 'CallReducer', requestId: i, reducer: 'add_label', args: textArgs(`packed ${i}`) } as const;
  });
  flood.send(...calls);
  expect(await flood.closed).toEqual({ code: 1013, reason: 'too many requests' });
  const done = "SELECT COUNT(*) AS n FROM label WHERE text = 'packed 16383' OR text = 'packed 16384'";
  expect(await sql(server.url, 'test', owner, done)).toEqual([[1]]);
  healthy.call(1, 'add_label', textArgs('beside the frame'));
  expect((await healthy.next('ReducerResult')).outcome.tag).toBe('Ok');
  await healthy.close();
});

test('a call of a healthy client overtakes what a flooding one has waiting', async () => {
  const observer = await connect();
  observer.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM label'] });
  await observer.next('SubscribeApplied');
  const healthy = await connect();
  const flood = await connect('v2.bsatn.spacetimedb');
  const calls = 8000;
  for (let i = 0; i < calls; i++) {
    // Both keep the database busy: while the flood arrives, and while the healthy call is on its way.
    if (i === 0 || i === 2000) flood.call(i, 'loop_forever');
    flood.call(i, 'add_label', textArgs(`flood ${i}`));
  }
  // Answered by the thread, so the first loop is over, and most of the flood is here and waits.
  expect(await metric('spacetime_total_incoming_queue_length')).toBeGreaterThan(calls / 2);
  healthy.call(1, 'add_label', textArgs('healthy'));
  expect((await healthy.next('ReducerResult')).outcome.tag).toBe('Ok');
  for (let i = 0; i < calls + 2; i++) await flood.next('ReducerResult');
  // Each call is one update, in the order of the commits; all of the flood was done as well.
  let position = -1;
  for (let i = 0; i <= calls; i++) {
    const { querySets } = await observer.next('TransactionUpdate');
    if (rowsText(querySets).includes('healthy')) position = i;
  }
  expect(position).toBeGreaterThanOrEqual(0);
  expect(position).toBeLessThan(calls / 2);
  await Promise.all([observer.close(), healthy.close(), flood.close()]);
});

test('a call of a healthy client overtakes a flood of subscriptions', async () => {
  const [healthy, flood] = [await connect(), await connect('v2.bsatn.spacetimedb')];
  const messages = 20;
  const texts = ['beside the subscriptions', ...Array.from({ length: 999 }, (_, i) => `not there ${i}`)];
  const queries = texts.map((text) => `SELECT * FROM label WHERE text = '${text}'`);
  // It keeps the database busy until all of them are here, and the healthy call as well.
  flood.call(0, 'loop_forever');
  for (let id = 0; id < messages; id++) {
    flood.send({ tag: 'Subscribe', requestId: id, querySetId: id, queries });
    flood.send({ tag: 'Unsubscribe', requestId: id, querySetId: id, sendDroppedRows: false });
  }
  healthy.call(1, 'add_label', textArgs('beside the subscriptions'));
  expect((await healthy.next('ReducerResult')).outcome.tag).toBe('Ok');
  await flood.next('ReducerResult');
  // The answers that do not have its row are of the messages that were done before it.
  let before = 0;
  for (let id = 0; id < messages; id++) {
    const { tables } = await flood.next('SubscribeApplied');
    if (!rowsText(tables).includes('beside the subscriptions')) before++;
    await flood.next('UnsubscribeApplied');
  }
  expect(before).toBeLessThanOrEqual(1);
  await Promise.all([healthy.close(), flood.close()]);
});

test('hundreds of idle clients hold up nobody and stay', async () => {
  const idle = await Promise.all(Array.from({ length: 300 }, () => connect()));
  const healthy = await connect();
  for (let i = 0; i < 100; i++) {
    healthy.call(i, 'add_label', textArgs(`beside idle ones ${i}`));
    expect(await healthy.next('ReducerResult')).toMatchObject({ requestId: i, outcome: { tag: 'Ok' } });
  }
  expect(await metric('spacetime_worker_connected_clients')).toBe(301);
  expect(await metric('lightcone_outgoing_queue_bytes')).toBe(0);
  await Promise.all([healthy, ...idle].map((client) => client.close()));
});
