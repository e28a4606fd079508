import { type ServerMessage, readServerMessage, writeClientMessage } from '@lightcone/protocol';
import { ByteReader, ByteWriter, ConnectionId, types } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { btree, rawTable } from '../../schema/test/raw-modules.ts';
import { Database } from '../src/database.ts';
import { readOutboundBatch } from '../src/outbound-batch.ts';
import { CallerQueries } from '../src/queries/caller-queries.ts';
import { FakeClock, testIdentity } from '../src/testing/index.ts';
import { anyModule, rowBytes } from './support/any-module.ts';
import { memoryOptions } from './support/memory-options.ts';

const COLUMNS = [
  ['id', types.u8],
  ['link', types.u8],
] as const;

interface Version {
  readonly access?: 'Public' | 'Private';
  readonly isIndexed?: boolean;
  readonly hasMore?: boolean;
}

/** Tables `a` and `b`, of which `a` changes from version to version. */
function program({ access = 'Public', isIndexed = true, hasMore = false }: Version = {}): Uint8Array {
  const indexes = (table: string): ReturnType<typeof btree>[] =>
    [0, 1].map((column) => ({ ...btree(column), name: `${table}${column}` }));
  return anyModule({
    typespace: [types.product(COLUMNS)],
    types: [{ scope: [], name: 'Row', ref: 0, customOrdering: true }],
    tables: [
      rawTable({ name: 'a', tableAccess: access, indexes: isIndexed ? indexes('a') : [] }),
      rawTable({ name: 'b', indexes: indexes('b') }),
      ...(hasMore ? [rawTable({ name: 'more' })] : []),
    ],
  });
}

/** Every look at the clock finds the turn over, if it is told so. */
class ClockOfTurns extends FakeClock {
  isTurnOver = false;
  #ms = 0;

  override monotonicMs(): number {
    return this.isTurnOver ? (this.#ms += 1000) : this.#ms;
  }
}

let clock: ClockOfTurns;
let database: Database;
let mayClose: boolean;
let received: Map<number, ServerMessage[]>;
const OWNER = 1;
const EVE = 2;

beforeEach(async () => {
  clock = new ClockOfTurns();
  received = new Map();
  mayClose = false;
  const options = memoryOptions(clock, (batch) =>
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) {
          const list = received.get(number) ?? [];
          received.set(number, [...list, readServerMessage(new ByteReader(payload))]);
        }
      },
      close: (_number, _code, reason) => {
        if (!mayClose) throw new Error(reason);
      },
    }),
  );
  database = await Database.create({ ...options, defer: queueMicrotask }, program(), testIdentity('owner'));
  for (const [number, name] of [
    [OWNER, 'owner'],
    [EVE, 'eve'],
  ] as const) {
    database.connect({
      number,
      identity: testIdentity(name),
      connectionId: ConnectionId.fromBigInt(BigInt(number)),
      token: '',
      jwtPayload: '{}',
      protocol: 'v3.bsatn.spacetimedb',
      isConfirmed: false,
    });
  }
});
afterEach(async () => {
  // Its close sends closes, which nobody reads.
  await database.close().catch(() => undefined);
});

async function send(
  client: number,
  message: Parameters<typeof writeClientMessage>[1],
): Promise<ServerMessage | undefined> {
  const writer = new ByteWriter();
  writeClientMessage(writer, message);
  database.receive(client, writer.bytes, 0, writer.length);
  await settle();
  return received.get(client)?.at(-1);
}

/** Lets the turn end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

const subscribe = (client: number, querySetId: number, ...queries: string[]): Promise<ServerMessage | undefined> =>
  send(client, { tag: 'Subscribe', requestId: querySetId, querySetId, queries });

function insert(table: string, id: number, link: number): Promise<ServerMessage | undefined> {
  const args = new ByteWriter();
  args.string(table);
  args.lengthPrefixed(rowBytes(COLUMNS, { id, link }));
  return send(OWNER, { tag: 'CallReducer', requestId: 99, reducer: 'insert_row', args: args.finish() });
}

async function update(version: Version): Promise<void> {
  received.clear();
  database.update(program(version), false);
  await settle();
}

test('a table that turns private ends the subscriptions of those who may no longer read it, and no other', async () => {
  for (const client of [OWNER, EVE]) {
    expect(await subscribe(client, 1, 'SELECT * FROM b', 'SELECT a.* FROM a')).toMatchObject({
      tag: 'SubscribeApplied',
    });
    expect(await subscribe(client, 2, 'SELECT * FROM b WHERE id = 1')).toMatchObject({ tag: 'SubscribeApplied' });
  }
  await update({ access: 'Private' });
  const error = 'no such table: `a`. If the table exists, it may be marked private., executing: `SELECT a.* FROM a`';
  expect(received.get(EVE)).toEqual([{ tag: 'SubscriptionError', requestId: undefined, querySetId: 1, error }]);
  expect(received.get(OWNER)).toBeUndefined();

  received.clear();
  await insert('a', 1, 1);
  expect(received.get(EVE)).toBeUndefined();
  expect(received.get(OWNER)).toMatchObject([{ outcome: { querySets: [{ querySetId: 1 }] } }]);
  await insert('b', 1, 1);
  expect(received.get(EVE)).toMatchObject([{ tag: 'TransactionUpdate', querySets: [{ querySetId: 2 }] }]);
  expect(await subscribe(EVE, 3, 'SELECT a.* FROM a')).toMatchObject({ tag: 'SubscriptionError' });
});

test('a plan that is live is not handed to those who may not read its tables any more', async () => {
  await subscribe(OWNER, 1, 'SELECT * FROM a');
  await update({ access: 'Private' });
  expect(await subscribe(EVE, 1, 'SELECT * FROM a')).toMatchObject({ tag: 'SubscriptionError', requestId: 1 });
});

/** Others, so that a subscribe to all of them takes many turns. */
const OF_B = Array.from({ length: 20 }, (_, id) => `SELECT * FROM b WHERE id = ${id}`);

/** Begins to subscribe and returns when some queries are where transactions find them, and others not yet. */
async function beginToSubscribe(clients: readonly number[]): Promise<void> {
  clock.isTurnOver = true;
  for (const client of clients) void subscribe(client, 1, 'SELECT * FROM a', ...OF_B, 'SELECT * FROM a WHERE id = 1');
  while (database.metrics().liveQueries === 0) await Promise.resolve();
  expect(database.metrics()).toMatchObject({ liveQueries: 1, querySets: 0 });
}

/** Lets all turns end. */
async function settleAll(): Promise<void> {
  for (let i = 0; i < 1000; i++) await Promise.resolve();
}

test('queries that are being planned when their tables change are planned anew', async () => {
  clock.isTurnOver = true;
  const queries = ['SELECT * FROM a', 'SELECT * FROM b'];
  const subscribing = subscribe(EVE, 1, ...queries);
  const subscribed = subscribe(OWNER, 1, ...queries);
  expect(database.metrics().liveQueries).toBe(0); // one query is planned
  await update({ access: 'Private' });
  await Promise.all([subscribing, subscribed, settleAll()]);
  expect(received.get(EVE)).toMatchObject([
    { tag: 'SubscriptionError', requestId: 1, error: expect.stringContaining('no such table: `a`') },
  ]);
  expect(received.get(OWNER)).toMatchObject([{ tag: 'SubscribeApplied', requestId: 1 }]);
  expect(database.metrics()).toMatchObject({ liveQueries: 2, querySets: 1 });
});

test('queries that are planned and not live yet when their tables change are planned anew', async () => {
  await beginToSubscribe([EVE, OWNER]);
  await update({ access: 'Private' });
  await settle();
  expect(database.metrics().liveQueries).toBe(0); // nobody can share a plan of before
  await settleAll();
  expect(received.get(EVE)).toMatchObject([
    { tag: 'SubscriptionError', requestId: 1, error: expect.stringContaining('no such table: `a`') },
  ]);
  expect(received.get(OWNER)).toMatchObject([{ tag: 'SubscribeApplied', requestId: 1 }]);
  expect(database.metrics()).toMatchObject({ liveQueries: OF_B.length + 2, querySets: 1 });
});

test('a subscription that is not live yet is not told of its end, nor made live, by an update', async () => {
  await beginToSubscribe([EVE]);
  await update({ access: 'Private', hasMore: true });
  await settleAll();
  expect(received.get(EVE)).toMatchObject([{ tag: 'SubscriptionError', requestId: 1 }]);
  expect(database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0, subscribedQueries: 0 });
});

test('a client that has to go while it subscribes leaves nothing behind', async () => {
  await update({ hasMore: true });
  await beginToSubscribe([EVE]);
  mayClose = true;
  database.update(program(), true);
  await settleAll();
  expect(received.get(EVE)).toBeUndefined();
  expect(database.metrics()).toMatchObject({ liveQueries: 0, querySets: 0, connectedClients: 0 });
});

test('an index that goes ends the joins that need it; other queries are found without it', async () => {
  await subscribe(EVE, 1, 'SELECT a.* FROM a JOIN b ON a.link = b.id');
  await subscribe(EVE, 2, 'SELECT * FROM a WHERE id = 1');
  await update({ isIndexed: false });
  expect(received.get(EVE)).toMatchObject([
    { tag: 'SubscriptionError', querySetId: 1, error: expect.stringContaining('Subscriptions require indexes') },
  ]);
  received.clear();
  await insert('a', 1, 1);
  expect(received.get(EVE)).toMatchObject([{ tag: 'TransactionUpdate', querySets: [{ querySetId: 2 }] }]);
});

test('an update that changes nothing of what queries read leaves them as they are', async () => {
  await subscribe(EVE, 1, 'SELECT a.* FROM a JOIN b ON a.link = b.id', 'SELECT * FROM b');
  await update({ hasMore: true });
  expect(received.get(EVE)).toBeUndefined();
  expect(database.metrics()).toMatchObject({ liveQueries: 2, querySets: 1 });
  await insert('b', 1, 1);
  received.clear();
  await insert('a', 1, 1);
  expect(received.get(EVE)).toMatchObject([{ querySets: [{ querySetId: 1, tables: [{ table: 'a' }] }] }]);
  await send(EVE, { tag: 'Unsubscribe', requestId: 5, querySetId: 1, sendDroppedRows: false });
  expect(database.metrics().liveQueries).toBe(0);
});

test('an update plans the query sets anew that read what it changed, however many others there are', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => `id = ${i % 250} AND link = ${Math.floor(i / 250)}`);
  await subscribe(EVE, 1, ...many.map((condition) => `SELECT * FROM b WHERE ${condition}`));
  await subscribe(EVE, 2, 'SELECT * FROM a WHERE id = 1', 'SELECT * FROM b');
  const plans = vi.spyOn(CallerQueries.prototype, 'planFollowed');
  await update({ hasMore: true });
  expect(plans).not.toHaveBeenCalled();
  await update({ isIndexed: false, hasMore: true });
  expect(plans).toHaveBeenCalledTimes(2);
  plans.mockRestore();
  expect(database.metrics()).toMatchObject({ liveQueries: 1002, querySets: 2 });
  received.clear();
  await insert('b', 7, 1);
  expect(received.get(EVE)).toMatchObject([{ querySets: [{ querySetId: 1 }, { querySetId: 2 }] }]);
  await send(EVE, { tag: 'Unsubscribe', requestId: 5, querySetId: 1, sendDroppedRows: false });
  await send(EVE, { tag: 'Unsubscribe', requestId: 5, querySetId: 2, sendDroppedRows: false });
  expect(database.metrics().liveQueries).toBe(0);
});
