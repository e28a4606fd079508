import { readFileSync } from 'node:fs';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { testIdentity } from '../src/testing/index.ts';
import { LoggedDatabase } from './support/logged-database.ts';

const chat = readFileSync(new URL('../../../modules/quickstart-chat/quickstart-chat.wasm', import.meta.url));
const MAX_BYTES = 64 * 1024;
/** What was begun by now is done, but for what waits for the disk. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Texts that differ: the clock stands still, and equal rows are one. */
const text = (i: number): string => String(i).padStart(1000, 'x');

test('on a disk that does not sync calls are refused at a bound, and go on when it does', async () => {
  await using logged = await LoggedDatabase.create(chat, MAX_BYTES);
  const { database, disk } = logged;
  const alice = await logged.connect('alice');
  await alice.call('send_message', 'before');

  disk.holdSyncs();
  const caller = {
    identity: testIdentity('bob'),
    connectionId: ConnectionId.fromBigInt(77n),
    jwtPayload: '{"iss":"test","sub":"bob"}',
  };
  const calls = Array.from({ length: 500 }, (_, i) => alice.call('send_message', text(i)));
  const settled = Promise.allSettled(calls);
  await turn();
  const { unsyncedLogBytes, refusedRequests } = database.metrics();
  expect(unsyncedLogBytes).toBeGreaterThan(MAX_BYTES);
  expect(unsyncedLogBytes).toBeLessThan(MAX_BYTES + 2200); // and the one transaction that went over it
  expect(refusedRequests.unsyncedLog).toBeGreaterThan(400);
  expect(database.isLogBehind).toBe(true);

  // Whoever has no place in a queue is told at once.
  const message = 'the disk is behind: 1 MiB wait to be synced, which is the most; try again later';
  const overloaded = { kind: 'overloaded', message, retryAfterSeconds: 1 };
  expect(await database.call(caller, 'send_message', '["hello"]')).toEqual(overloaded);
  expect(database.sql(caller, 'SELECT * FROM message')).toEqual(overloaded);
  await expect(logged.connect('carol')).rejects.toThrow(message);
  // To leave is always possible, and writes what it must.
  alice.disconnect();
  expect(database.metrics().connectedClients).toBe(0);

  disk.releaseSyncs();
  await settled;
  await database.whenDurable(database.lastTxOffset);
  expect(database.isLogBehind).toBe(false);
  expect(database.metrics().unsyncedLogBytes).toBe(0);
  const carol = await logged.connect('carol');
  await carol.call('send_message', 'after');
  const kept = await logged.rows('message');
  await logged.restart();
  expect(await logged.rows('message')).toEqual(kept);
  expect(kept.length).toBeGreaterThan(25);
  expect(kept.length).toBeLessThan(100);
});

test('who waits for the disk gets every answer in its place: those that were taken, then the refusals', async () => {
  await using logged = await LoggedDatabase.create(chat, MAX_BYTES);
  const alice = await logged.connect('alice');
  logged.disk.holdSyncs();
  const outcomes: string[] = [];
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    const call = alice.call('send_message', text(i));
    calls.push(
      call.then(
        () => outcomes.push('ok'),
        () => outcomes.push('refused'),
      ),
    );
  }
  await turn();
  expect(outcomes).toEqual([]); // nothing is durable
  logged.disk.releaseSyncs();
  await Promise.all(calls);
  const taken = outcomes.indexOf('refused');
  expect(taken).toBeGreaterThan(25);
  expect(outcomes).toEqual([...Array(taken).fill('ok'), ...Array(200 - taken).fill('refused')]);
  expect(await logged.rows('message')).toHaveLength(taken);
});
