import { rowCount, rowStart } from '@lightcone/protocol';
import type { RowList } from '@lightcone/protocol';
import { ByteReader, ByteWriter, compileType, types } from '@lightcone/sats';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'labels', owner, programs.test);
  await publish(server.url, 'procedures', owner, programs.procedures);
});

afterAll(() => server.close());

beforeEach(async () => {
  await sql(server.url, 'labels', owner, 'DELETE FROM label');
});

const label = compileType(
  types.product([
    ['id', types.u64],
    ['text', types.string],
  ]),
  [],
);

/** The texts of rows of `label`. */
function textsOf(list: RowList): string[] {
  return Array.from({ length: rowCount(list) }, (_, i) => {
    const row = label.decode(new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1))) as { text: string };
    return row.text;
  });
}

type Tables = readonly { readonly table: string; readonly rows: RowList }[] | undefined;
const rowsOf = (tables: Tables): unknown => tables?.map(({ table, rows }) => [table, ...textsOf(rows).toSorted()]);

const LABELS = 'SELECT * FROM label';
const SHORT = "SELECT * FROM label WHERE text = 'a' OR text = 'b'";

describe.each(['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'])('over %s', (protocol) => {
  const connect = async (database = 'labels'): Promise<TestClient> => {
    const client = await TestClient.connect(server.url, database, { protocols: [protocol] });
    await client.next('InitialConnection');
    return client;
  };
  const insert = (name: string): Promise<unknown> =>
    sql(server.url, 'labels', owner, `INSERT INTO label (id, text) VALUES (0, '${name}')`);

  test('query sets get their rows, their changes and, if asked, what they lose, each for itself', async () => {
    await insert('a');
    await insert('x');
    const client = await connect();
    client.send({ tag: 'Subscribe', requestId: 1, querySetId: 8, queries: [LABELS, 'SELECT * FROM badge', LABELS] });
    const first = await client.next('SubscribeApplied');
    expect([first.requestId, first.querySetId, rowsOf(first.tables)]).toEqual([1, 8, [['label', 'a', 'x']]]);
    client.send({ tag: 'Subscribe', requestId: 2, querySetId: 7, queries: [` ${SHORT} `, LABELS] });
    expect(rowsOf((await client.next('SubscribeApplied')).tables)).toEqual([
      ['label', 'a'],
      ['label', 'a', 'x'],
    ]);
    await insert('b');
    const { querySets } = await client.next('TransactionUpdate');
    expect(
      querySets.map(({ querySetId, tables }) => [querySetId, tables.map(({ changes }) => changes.length)]),
    ).toEqual([
      [7, [2]],
      [8, [1]],
    ]);
    client.send({ tag: 'Unsubscribe', requestId: 3, querySetId: 8, sendDroppedRows: false });
    expect(await client.next('UnsubscribeApplied')).toMatchObject({ requestId: 3, querySetId: 8, tables: undefined });
    client.send({ tag: 'Unsubscribe', requestId: 4, querySetId: 7, sendDroppedRows: true });
    expect(rowsOf((await client.next('UnsubscribeApplied')).tables)).toEqual([
      ['label', 'a', 'b'],
      ['label', 'a', 'b', 'x'],
    ]);
    await insert('c');
    // Nothing is followed any more, and the id is free.
    client.send({ tag: 'Subscribe', requestId: 5, querySetId: 7, queries: [] });
    expect(await client.next('SubscribeApplied')).toMatchObject({ requestId: 5, tables: [] });
    await client.close();
  });

  test('an entry without rows is for a query that matches nothing, none for a table without rows', async () => {
    await insert('x');
    const client = await connect();
    client.send({ tag: 'Subscribe', requestId: 1, querySetId: 7, queries: [SHORT, 'SELECT * FROM badge'] });
    expect(rowsOf((await client.next('SubscribeApplied')).tables)).toEqual([['label']]);
    await client.close();
  });

  test.each([
    {
      what: 'an id in use',
      id: 7,
      query: LABELS,
      error: /^Subscription with id QuerySetId \{ id: 7 \} already exists/u,
    },
    { what: 'a blank query', id: 8, query: '  ', error: /Empty string, executing: ``$/u },
    {
      what: 'an unknown table',
      id: 8,
      query: 'SELECT * FROM nope',
      error: /`nope`.*, executing: `SELECT \* FROM nope`$/u,
    },
    { what: 'a private table', id: 8, query: 'SELECT * FROM secret', error: /no such table: `secret`/u },
  ])('$what is refused, and what was there stays', async ({ id, query, error }) => {
    const client = await connect();
    client.send({ tag: 'Subscribe', requestId: 1, querySetId: 7, queries: [LABELS] });
    await client.next('SubscribeApplied');
    client.send({ tag: 'Subscribe', requestId: 2, querySetId: id, queries: [LABELS, query] });
    expect(await client.next('SubscriptionError')).toMatchObject({
      requestId: 2,
      querySetId: id,
      error: expect.stringMatching(error),
    });
    await insert('a');
    expect((await client.next('TransactionUpdate')).querySets).toMatchObject([{ querySetId: 7 }]);
    client.send({ tag: 'Unsubscribe', requestId: 3, querySetId: 99, sendDroppedRows: true });
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 3, querySetId: 99 });
    await client.close();
  });

  test('events come once, to those who follow them, and are not kept', async () => {
    const [caller, other] = [await connect(), await connect()];
    for (const client of [caller, other]) {
      client.send({ tag: 'Subscribe', requestId: 1, querySetId: 7, queries: ['SELECT * FROM notice'] });
      expect((await client.next('SubscribeApplied')).tables).toEqual([]);
    }
    caller.call(2, 'notify', textArgs('now'));
    const querySets = [
      {
        querySetId: 7,
        tables: [{ table: 'notice', changes: [{ tag: 'EventTable', events: { data: textArgs('now') } }] }],
      },
    ];
    expect((await caller.next('ReducerResult')).outcome).toMatchObject({ tag: 'Ok', querySets });
    expect(await other.next('TransactionUpdate')).toMatchObject({ querySets });
    caller.send({ tag: 'OneOffQuery', requestId: 3, query: 'SELECT * FROM notice' });
    const { result } = await caller.next('OneOffQueryResult');
    expect(result.tag === 'ok' && rowCount(result.tables[0]!.rows)).toBe(0);
    await Promise.all([caller.close(), other.close()]);
  });

  test('the caller gets its changes in the answer, the others in an update', async () => {
    const [caller, other] = [await connect(), await connect()];
    for (const client of [caller, other]) {
      client.send({ tag: 'Subscribe', requestId: 1, querySetId: 7, queries: [LABELS] });
      await client.next('SubscribeApplied');
    }
    caller.call(4, 'add_label', textArgs('a'));
    const { requestId, outcome } = await caller.next('ReducerResult');
    const { querySets } = await other.next('TransactionUpdate');
    expect([requestId, outcome]).toEqual([4, { tag: 'Ok', returnValue: new Uint8Array(), querySets }]);
    caller.call(5, 'fail', textArgs('no'));
    expect(await caller.next('ReducerResult')).toMatchObject({
      requestId: 5,
      outcome: { tag: 'Err', error: textArgs('no') },
    });
    caller.call(6, 'loop_forever');
    expect((await caller.next('ReducerResult')).outcome).toEqual({
      tag: 'InternalError',
      error: 'reducer ran out of energy',
    });
    caller.call(7, 'panic_with', textArgs('oh'));
    expect((await caller.next('ReducerResult')).outcome).toEqual({
      tag: 'InternalError',
      error: 'The instance encountered a fatal error.',
    });
    await Promise.all([caller.close(), other.close()]);
  });

  test('one-off queries answer with one table or an error', async () => {
    await insert('a');
    const client = await connect();
    const results = [];
    for (const query of [LABELS, "SELECT * FROM label WHERE text = 'z'", 'SELECT * FROM nope']) {
      client.send({ tag: 'OneOffQuery', requestId: 3, query });
      const { result } = await client.next('OneOffQueryResult');
      results.push(result.tag === 'ok' ? rowsOf(result.tables) : result.error);
    }
    expect(results).toEqual([[['label', 'a']], [['label']], expect.stringMatching(/^no such table: `nope`/u)]);
    await client.close();
  });

  test('procedures return values, or say why not', async () => {
    const client = await connect('procedures');
    client.send({ tag: 'CallProcedure', requestId: 5, procedure: 'nope', args: new Uint8Array() });
    expect(await client.next('ProcedureResult')).toEqual({
      tag: 'ProcedureResult',
      requestId: 5,
      status: { tag: 'InternalError', error: 'No such procedure' },
      timestampMicros: 0n,
      durationMicros: 0n,
    });
    const args = new ByteWriter();
    args.u64(200n);
    client.send({ tag: 'CallProcedure', requestId: 6, procedure: 'sleep', args: args.finish() });
    client.send({ tag: 'CallProcedure', requestId: 7, procedure: 'sleep', args: textArgs() });
    // The one that is refused is answered first: procedures wait without holding up their client.
    expect(await client.next('ProcedureResult')).toMatchObject({ requestId: 7, status: { tag: 'InternalError' } });
    const slept = await client.next('ProcedureResult');
    expect(slept).toMatchObject({ requestId: 6, status: { tag: 'Returned' } });
    expect(slept.durationMicros).toBeGreaterThanOrEqual(200_000n);
    client.send({ tag: 'CallProcedure', requestId: 8, procedure: 'loop_forever', args: textArgs() });
    expect((await client.next('ProcedureResult')).status).toEqual({
      tag: 'InternalError',
      error: 'Procedure terminated due to insufficient budget',
    });
    await client.close();
  });
});

test('on v3 what comes before a message that is wrong is done, on v2 what follows a message is ignored', async () => {
  const call = '0301000000' + '00' + '09000000' + Buffer.from('add_label').toString('hex') + '05000000' + '0100000061';
  const [v2, v3] = await Promise.all(
    ['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'].map((protocol) =>
      TestClient.connect(server.url, 'labels', { protocols: [protocol] }),
    ),
  );
  v2!.webSocket.send(Buffer.from(`${call}ff`, 'hex'));
  await v2!.next('InitialConnection');
  expect((await v2!.next('ReducerResult')).outcome.tag).toBe('Ok');
  await sql(server.url, 'labels', owner, 'DELETE FROM label');
  v3!.webSocket.send(Buffer.from(`${call}ff`, 'hex'));
  expect(await v3!.closed).toMatchObject({ code: 1011 });
  expect(await sql(server.url, 'labels', owner, LABELS)).toHaveLength(1);
  await v2!.close();
});
