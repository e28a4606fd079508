import { type ClientMessage, type ServerMessage, readServerMessage, writeClientMessage } from '@lightcone/protocol/v1';
import type { RowList } from '@lightcone/protocol';
import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { ByteReader, ByteWriter, ConnectionId, types } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rawTable } from '../../schema/test/raw-modules.ts';
import { Database } from '../src/database.ts';
import { readOutboundBatch } from '../src/outbound-batch.ts';
import { LiveQuery } from '../src/subscriptions/live-query.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';
import { memoryOptions } from './support/memory-options.ts';

const COLUMNS = [['id', types.u8]] as const;

function program(access: 'Public' | 'Private' = 'Public'): Uint8Array {
  return anyModule({
    typespace: [types.product(COLUMNS)],
    types: [{ scope: [], name: 'Row', ref: 0, customOrdering: true }],
    tables: [rawTable({ name: 'a', tableAccess: access }), rawTable({ name: 'b' })],
  });
}

type Message = ServerMessage<RowList, Uint8Array>;

const CONFIRMED = 1;
const UNCONFIRMED = 2;

let database: Database;
let log: CommitLog;
let clock: FakeClock;
let received: Map<number, Message[]>;

beforeEach(async () => {
  clock = new FakeClock();
  received = new Map();
  log = await CommitLog.open(new SimulatedDisk(Math.random), 'log');
  const options = memoryOptions(clock, (batch) =>
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) {
          received.set(number, [...take(number), readServerMessage(new ByteReader(payload.slice()))]);
        }
      },
      close: () => undefined,
    }),
  );
  database = await Database.create({ ...options, log }, program(), testIdentity('owner'));
  for (const number of [CONFIRMED, UNCONFIRMED]) {
    database.connect({
      number,
      identity: testIdentity('eve'),
      connectionId: ConnectionId.fromBigInt(BigInt(number)),
      token: '',
      jwtPayload: '{}',
      protocol: 'v1.bsatn.spacetimedb',
      isConfirmed: number === CONFIRMED,
    });
  }
  await log.sync();
  await clock.advance(0);
  received.clear();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
});

/** What a client got since the last look. */
function take(number: number): Message[] {
  const messages = received.get(number) ?? [];
  received.delete(number);
  return messages;
}

function send(number: number, message: ClientMessage): void {
  const writer = new ByteWriter();
  writeClientMessage(writer, message);
  database.receive(number, writer.bytes, 0, writer.length);
}

async function settle(): Promise<void> {
  await clock.advance(0);
  await log.sync();
}

function insert(table: string, id: number): void {
  const owner = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(9n), jwtPayload: '{}' };
  expect(database.sql(owner, `INSERT INTO ${table} (id) VALUES (${id})`).kind).toBe('ok');
}

async function followBoth(): Promise<void> {
  send(UNCONFIRMED, { tag: 'Subscribe', requestId: 1, queries: ['SELECT * FROM b'] });
  send(UNCONFIRMED, { tag: 'SubscribeMulti', requestId: 2, queryId: 7, queries: ['SELECT * FROM a'] });
  send(UNCONFIRMED, { tag: 'SubscribeSingle', requestId: 3, queryId: 8, query: 'SELECT * FROM b' });
  await settle();
  expect(take(UNCONFIRMED).map(({ tag }) => tag)).toEqual([
    'InitialSubscription',
    'SubscribeMultiApplied',
    'SubscribeApplied',
  ]);
}

const ended = { tag: 'SubscriptionError', requestId: undefined, queryId: undefined, tableId: undefined };

test('a query that cannot be evaluated ends all subscriptions of its client, with one error that has no id', async () => {
  await followBoth();
  vi.spyOn(LiveQuery.prototype, 'evaluate').mockImplementation(() => {
    throw new Error('a mistake of ours');
  });
  insert('b', 1);
  vi.restoreAllMocks();
  insert('a', 1);
  await settle();
  expect(take(UNCONFIRMED)).toMatchObject([
    { ...ended, error: 'Internal error evaluating queries, executing: `SELECT * FROM b`' },
  ]);
  expect(database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0 });
  await followBoth();
});

test('a table that turns private ends all subscriptions of those who may no longer read it', async () => {
  await followBoth();
  database.update(program('Private'), false);
  await settle();
  expect(take(UNCONFIRMED)).toMatchObject([{ ...ended, error: expect.stringContaining('no such table: `a`') }]);
  expect(database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0 });
  insert('b', 1);
  await settle();
  expect(take(UNCONFIRMED)).toEqual([]);
});

test('a client of v1 that asked for confirmed reads sees what is on the disk, another what was committed', async () => {
  for (const number of [CONFIRMED, UNCONFIRMED]) {
    send(number, { tag: 'SubscribeSingle', requestId: 1, queryId: 1, query: 'SELECT * FROM a' });
  }
  await settle();
  expect([...take(CONFIRMED), ...take(UNCONFIRMED)]).toHaveLength(2);
  const synced = vi.spyOn(log, 'flush').mockImplementation(() => undefined);
  insert('a', 1);
  await clock.advance(0);
  expect(take(UNCONFIRMED)).toMatchObject([{ tag: 'TransactionUpdateLight', tables: [{ table: 'a', rowCount: 1 }] }]);
  expect(take(CONFIRMED)).toEqual([]);
  synced.mockRestore();
  await settle();
  expect(take(CONFIRMED)).toMatchObject([{ tag: 'TransactionUpdateLight', tables: [{ table: 'a', rowCount: 1 }] }]);
});
