import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { newUser, programs, publish } from './fixtures.ts';

/*
 * A client that asks for a large table holds up nobody of another database: the gateway, which serves all of them, never
 * works on it for long at a time. What counts is the processor time of its thread between two ticks of a timer, as the
 * machine may be busy. It includes what the client of this test does with the answer.
 */

const ROWS = 24;
const ROW_BYTES = 1024 * 1024;
const MAX_BUSY_MS = 50;

let folder: string;
let server: RunningServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-large-'));
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  const owner = await newUser(server.url);
  await publish(server.url, 'test', owner, programs.test);
  const writer = await TestClient.connect(server.url, 'test', { protocols: ['v2.bsatn.spacetimedb'] });
  await writer.next('InitialConnection');
  for (let i = 0; i < ROWS; i++) {
    writer.call(i, 'add_label', textArgs(String(i).padEnd(ROW_BYTES, 'large ')));
    expect((await writer.next('ReducerResult')).outcome.tag).toBe('Ok');
  }
  await writer.close();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** The longest that this thread was busy without a break while something was done, in milliseconds. */
async function longestBusyMs(deed: () => Promise<void>): Promise<number> {
  const busyMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let last = busyMs();
  const tick = (): void => {
    const now = busyMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(tick, 1);
  await deed();
  clearInterval(timer);
  return longest;
}

test.each(['None', 'Gzip', 'Brotli'])(
  'a large table, %s, keeps the gateway busy for moments only',
  async (compression) => {
    const url = `${server.url.replace('http', 'ws')}/v1/database/test/subscribe?compression=${compression}`;
    const reader = new WebSocket(url, 'v2.bsatn.spacetimedb', { perMessageDeflate: false });
    await once(reader, 'message');
    const subscribe = new ByteWriter();
    const queries = ['SELECT * FROM label'];
    writeClientMessage(subscribe, { tag: 'Subscribe', requestId: 1, querySetId: 1, queries });
    const longest = await longestBusyMs(async () => {
      reader.send(subscribe.finish());
      // It is not taken apart, which would take this thread long.
      const [answer] = (await once(reader, 'message')) as [Buffer];
      if (compression === 'None') expect(answer.length).toBeGreaterThan(ROWS * ROW_BYTES);
      else expect(answer.length).toBeGreaterThan(1000);
    });
    expect(longest).toBeLessThan(MAX_BUSY_MS);
    reader.close();
  },
);
