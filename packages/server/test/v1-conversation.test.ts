import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { types } from '@lightcone/sats';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { type ClientArgs, type RowTypes, V1Client } from './v1-client.ts';

/** Of the official crate's first major version, whose definition is of before V10. */
const olderProgram = new Uint8Array(readFileSync(new URL('../../../modules/crate-1/crate-1.wasm', import.meta.url)));

let server: RunningServer;
let owner: User;

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'labels', owner, programs.test);
  await publish(server.url, 'procedures', owner, programs.procedures);
  await publish(server.url, 'library', owner, olderProgram);
  await publish(server.url, 'people', owner, programs.person);
  for (let i = 0; i < 20; i++) await callOverHttp('people', 'add', `${i}${'x'.repeat(1024 * 1024)}`, 7);
});

afterAll(() => server.close());

async function callOverHttp(database: string, reducer: string, ...args: readonly unknown[]): Promise<void> {
  const response = await fetch(`${server.url}/v1/database/${database}/call/${reducer}`, {
    method: 'POST',
    headers: { ...authorization(owner), 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  expect(response.status).toBe(200);
}

beforeEach(async () => {
  await sql(server.url, 'labels', owner, 'DELETE FROM label');
});

const label = types.product([
  ['id', types.u64],
  ['text', types.string],
]);
const genre = types.sum([
  ['Novel', types.unit],
  ['Poetry', types.unit],
  ['NonFiction', types.unit],
]);
const book = types.product([
  ['id', types.u64],
  ['title', types.string],
  ['author', types.string],
  ['genre', genre],
  ['year', types.i32],
  ['shelf_mark', types.u16],
  ['copies', types.u32],
]);
const rowTypes: RowTypes = { label, book };

const oneText = types.product([['text', types.string]]);
const text = (value: string): ClientArgs => ({ type: oneText, value: { text: value } });
const nothing: ClientArgs = { type: types.unit, value: {} };

/** A row of `label` as `V1Client` gives it. */
const labelled = (name: string): unknown => expect.stringMatching(`^\\[[0-9]+,"${name}"\\]$`);
const change = (inserts: readonly unknown[], deletes: readonly unknown[] = []): object => ({ deletes, inserts });
const labels = (...updates: readonly object[]): object => ({ table: 'label', updates });

const LABELS = 'SELECT * FROM label';
const SHORT = "SELECT * FROM label WHERE text = 'a' OR text = 'b'";

describe.each(['v1.bsatn.spacetimedb', 'v1.json.spacetimedb'])('over %s', (protocol) => {
  const connect = async (database = 'labels', query: Record<string, string> = {}): Promise<V1Client> => {
    const client = await V1Client.connect(server.url, database, protocol, rowTypes, query);
    await client.next('IdentityToken');
    return client;
  };
  const insert = (name: string): Promise<unknown> =>
    sql(server.url, 'labels', owner, `INSERT INTO label (id, text) VALUES (0, '${name}')`);

  test('the first message names the caller and repeats its token', async () => {
    const user = await newUser(server.url);
    const query = { token: user.token, connection_id: '000102030405060708090a0b0c0d0e0f' };
    const client = await V1Client.connect(server.url, 'labels', protocol, rowTypes, query);
    expect(client.webSocket.protocol).toBe(protocol);
    const first = await client.next('IdentityToken');
    expect(Buffer.from(first.identity).reverse().toString('hex')).toBe(user.identity);
    expect(Buffer.from(first.connectionId).reverse().toString('hex')).toBe('000102030405060708090a0b0c0d0e0f');
    expect(first.token).toBe(user.token);
    expect(client.tags).toEqual([protocol.includes('json') ? 'text' : 0]);
    await client.close();
  });

  test('Subscribe replaces what it subscribed to before, and nothing else', async () => {
    await insert('a');
    const client = await connect();
    client.send({ tag: 'Subscribe', requestId: 0, queries: [LABELS] });
    expect(await client.next('InitialSubscription')).toMatchObject({
      requestId: 0,
      tables: [{ ...labels(change([labelled('a')])), rowCount: 1 }],
    });
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 7, queries: [LABELS] });
    // The set without an id does not count: the rows come once more.
    expect((await client.next('SubscribeMultiApplied')).tables).toMatchObject([labels(change([labelled('a')]))]);
    await insert('b');
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([
      { ...labels(change([labelled('b')]), change([labelled('b')])), rowCount: 2 },
    ]);
    client.send({ tag: 'Subscribe', requestId: 2, queries: ['SELECT * FROM badge'] });
    expect(await client.next('InitialSubscription')).toMatchObject({ requestId: 2, tables: [] });
    await insert('c');
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([labels(change([labelled('c')]))]);
    client.send({ tag: 'Subscribe', requestId: 3, queries: ['SELECT nonsense'] });
    expect(await client.next('SubscriptionError')).toMatchObject({
      requestId: 3,
      queryId: undefined,
      tableId: undefined,
    });
    await client.close();
  });

  test('SubscribeSingle always sends the rows, its Unsubscribe drops them with the last id', async () => {
    const client = await connect();
    client.send({ tag: 'SubscribeSingle', requestId: 1, queryId: 7, query: LABELS });
    expect(await client.next('SubscribeApplied')).toMatchObject({
      requestId: 1,
      queryId: 7,
      table: { ...labels(change([])), rowCount: 0 },
    });
    await insert('a');
    await client.next('TransactionUpdateLight');
    client.send({ tag: 'SubscribeSingle', requestId: 2, queryId: 8, query: LABELS });
    expect((await client.next('SubscribeApplied')).table).toMatchObject(labels(change([labelled('a')])));
    await insert('b');
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([labels(change([labelled('b')]))]);
    client.send({ tag: 'Unsubscribe', requestId: 3, queryId: 7 });
    expect(await client.next('UnsubscribeApplied')).toMatchObject({ requestId: 3, queryId: 7, table: { rowCount: 0 } });
    client.send({ tag: 'Unsubscribe', requestId: 4, queryId: 8 });
    expect((await client.next('UnsubscribeApplied')).table).toMatchObject({
      ...labels(change([], [labelled('a'), labelled('b')])),
      rowCount: 2,
    });
    await client.close();
  });

  test('SubscribeMulti sends what is new to the client, UnsubscribeMulti what it has under no other id', async () => {
    await insert('a');
    await insert('x');
    const client = await connect();
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 7, queries: [LABELS, 'SELECT * FROM badge'] });
    expect(await client.next('SubscribeMultiApplied')).toMatchObject({
      requestId: 1,
      queryId: 7,
      tables: [labels(change([labelled('a'), labelled('x')]))],
    });
    client.send({ tag: 'SubscribeMulti', requestId: 2, queryId: 8, queries: [SHORT, LABELS] });
    expect((await client.next('SubscribeMultiApplied')).tables).toMatchObject([labels(change([labelled('a')]))]);
    await insert('b');
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([
      { ...labels(change([labelled('b')]), change([labelled('b')])), rowCount: 2 },
    ]);
    client.send({ tag: 'UnsubscribeMulti', requestId: 3, queryId: 8 });
    expect(await client.next('UnsubscribeMultiApplied')).toMatchObject({
      requestId: 3,
      queryId: 8,
      tables: [labels(change([], [labelled('a'), labelled('b')]))],
    });
    client.send({ tag: 'UnsubscribeMulti', requestId: 4, queryId: 7 });
    expect((await client.next('UnsubscribeMultiApplied')).tables).toMatchObject([{ rowCount: 3 }]);
    await client.close();
  });

  test('an entry without rows is for a query that matches nothing, none for a table without rows', async () => {
    await insert('x');
    const client = await connect();
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 7, queries: [SHORT, 'SELECT * FROM badge'] });
    expect((await client.next('SubscribeMultiApplied')).tables).toMatchObject([{ ...labels(change([])), rowCount: 0 }]);
    await client.close();
  });

  test.each([
    { what: 'an id in use', id: 7, query: LABELS, error: /^Subscription with id QueryId \{ id: 7 \} already exists/u },
    { what: 'a blank query', id: 8, query: '  ', error: /Empty string/u },
    { what: 'an unknown table', id: 8, query: 'SELECT * FROM nope', error: /no such table: `nope`/u },
    { what: 'a private table', id: 8, query: 'SELECT * FROM secret', error: /no such table: `secret`/u },
    { what: 'an event table', id: 8, query: 'SELECT * FROM notice', error: /requires WebSocket v2/u },
  ])('$what is refused by an error with both ids, and what was there stays', async ({ id, query, error }) => {
    const client = await connect();
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 7, queries: [LABELS] });
    await client.next('SubscribeMultiApplied');
    client.send({ tag: 'SubscribeSingle', requestId: 2, queryId: id, query });
    const refusal = { requestId: 2, queryId: id, tableId: undefined, error: expect.stringMatching(error) };
    expect(await client.next('SubscriptionError')).toMatchObject(refusal);
    client.send({ tag: 'SubscribeMulti', requestId: 2, queryId: id, queries: [LABELS, query] });
    expect(await client.next('SubscriptionError')).toMatchObject(refusal);
    await insert('a');
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([labels(change([labelled('a')]))]);
    await client.close();
  });

  test('rows that are too many for anybody are refused like a query that is wrong, and what was there stays', async () => {
    const everybody = 'SELECT a.* FROM person a JOIN person b ON a.age = b.age';
    const client = await connect('people');
    client.send({ tag: 'Subscribe', requestId: 1, queries: ["SELECT * FROM person WHERE name = 'Ann'"] });
    await client.next('InitialSubscription');
    const error = expect.stringMatching(/^The rows of the join take more than 256 MiB together/u);
    client.send({ tag: 'Subscribe', requestId: 2, queries: [everybody] });
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 2, queryId: undefined, error });
    client.send({ tag: 'SubscribeSingle', requestId: 3, queryId: 7, query: everybody });
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 3, queryId: 7, error });
    client.send({ tag: 'SubscribeMulti', requestId: 4, queryId: 7, queries: ['SELECT * FROM person', everybody] });
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 4, queryId: 7, error });
    await callOverHttp('people', 'add', 'Ann', 8);
    expect((await client.next('TransactionUpdateLight')).tables).toMatchObject([{ table: 'person', rowCount: 1 }]);
    await sql(server.url, 'people', owner, "DELETE FROM person WHERE name = 'Ann'");
    await client.close();
  });

  test.each(['Unsubscribe', 'UnsubscribeMulti'] as const)('%s of an unknown id is refused', async (tag) => {
    const client = await connect();
    client.send({ tag, requestId: 3, queryId: 9 });
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 3, queryId: 9 });
    await client.close();
  });

  test('several queries under one id are not ended as one', async () => {
    const client = await connect();
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 7, queries: [LABELS, SHORT] });
    await client.next('SubscribeMultiApplied');
    client.send({ tag: 'Unsubscribe', requestId: 2, queryId: 7 });
    expect((await client.next('SubscriptionError')).error).toMatch(/UnsubscribeMulti/u);
    client.send({ tag: 'UnsubscribeMulti', requestId: 3, queryId: 7 });
    await client.next('UnsubscribeMultiApplied');
    await client.close();
  });

  test('every table is what the caller may read, event tables aside', async () => {
    await insert('a');
    const client = await connect();
    client.send({ tag: 'Subscribe', requestId: 1, queries: [' select * FROM * '] });
    const { tables } = await client.next('InitialSubscription');
    expect(tables.find(({ table }) => table === 'label')).toMatchObject(labels(change([labelled('a')])));
    expect(tables.filter(({ table }) => table === 'secret' || table === 'notice')).toEqual([]);
    await client.close();
  });

  test('the legacy Subscribe takes event tables, whose rows come as inserts', async () => {
    const notice = types.product([['text', types.string]]);
    const client = await V1Client.connect(server.url, 'labels', protocol, { notice });
    await client.next('IdentityToken');
    client.send({ tag: 'Subscribe', requestId: 1, queries: ['SELECT * FROM notice'] });
    expect((await client.next('InitialSubscription')).tables).toEqual([]);
    client.call(2, 'notify', text('now'));
    const { status } = await client.next('TransactionUpdate');
    expect(status).toMatchObject({ tag: 'Committed', tables: [{ table: 'notice', updates: [change(['["now"]'])] }] });
    await client.close();
  });

  test('the caller always gets the full update, the others the changes alone', async () => {
    const [caller, idle, other] = [await connect('labels', { light: 'true' }), await connect(), await connect()];
    for (const client of [caller, other]) {
      client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 1, queries: [LABELS] });
      await client.next('SubscribeMultiApplied');
    }
    caller.call(4, 'add_label', text('a'));
    const update = await caller.next('TransactionUpdate');
    expect(update).toMatchObject({
      status: { tag: 'Committed', tables: [labels(change([labelled('a')]))] },
      reducerCall: { reducerName: 'add_label', args: caller.value(oneText, { text: 'a' }), requestId: 4 },
    });
    expect(update.timestampMicros).toBeGreaterThan(1_700_000_000_000_000n);
    expect(update.energyUsed).toBeGreaterThan(0n);
    expect(await other.next('TransactionUpdateLight')).toMatchObject({
      requestId: 4,
      tables: [labels(change([labelled('a')]))],
    });
    await insert('b');
    expect((await other.next('TransactionUpdateLight')).requestId).toBe(0);
    idle.call(5, 'add_label', text('c'));
    expect((await idle.next('TransactionUpdate')).status).toEqual({ tag: 'Committed', tables: [] });
    await Promise.all([caller.close(), idle.close(), other.close()]);
  });

  test('of modules older than V10 the others learn who called what, unless they asked for less', async () => {
    const BOOKS = 'SELECT * FROM book';
    const [caller, curious, content] = [
      await connect('library'),
      await connect('library'),
      await connect('library', { light: 'true' }),
    ];
    for (const client of [caller, curious, content]) {
      client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 1, queries: [BOOKS] });
      await client.next('SubscribeMultiApplied');
    }
    const bookArgs = types.product([
      ['title', types.string],
      ['author', types.string],
      ['genre', genre],
      ['year', types.i32],
      ['shelf_mark', types.u16],
    ]);
    const mark = protocol.includes('json') ? 11 : 12;
    const value = { title: protocol, author: 'x', genre: { tag: 'Novel', value: {} }, year: 2000, shelf_mark: mark };
    caller.call(6, 'add_book', { type: bookArgs, value });
    const own = await caller.next('TransactionUpdate');
    const seen = await curious.next('TransactionUpdate');
    for (const field of ['status', 'timestampMicros', 'callerIdentity', 'callerConnectionId', 'reducerCall'] as const) {
      expect(seen[field]).toEqual(own[field]);
    }
    expect(seen.reducerCall).toMatchObject({
      reducerName: 'add_book',
      args: caller.value(bookArgs, value),
      requestId: 6,
    });
    const light = await content.next('TransactionUpdateLight');
    expect(own.status).toEqual({ tag: 'Committed', tables: light.tables });

    await sql(server.url, 'library', owner, `DELETE FROM book WHERE title = '${protocol}'`);
    const bySql = await curious.next('TransactionUpdate');
    expect(bySql.reducerCall).toMatchObject({ reducerName: '', requestId: 0 });
    expect(bySql.callerConnectionId).toEqual(new Uint8Array(16));
    await Promise.all([caller.close(), curious.close(), content.close()]);
  });

  test('a caller that wants no notice hears as others do, and nothing of a failure', async () => {
    const client = await connect();
    client.send({ tag: 'SubscribeMulti', requestId: 1, queryId: 1, queries: [LABELS] });
    await client.next('SubscribeMultiApplied');
    client.call(2, 'fail', text('never told'), true);
    client.call(3, 'add_label', text('a'), true);
    expect(await client.next('TransactionUpdateLight')).toMatchObject({ requestId: 3 });
    client.call(4, 'nope', nothing, true);
    expect((await client.next('TransactionUpdate')).status).toMatchObject({ tag: 'Failed', error: 'no such reducer' });
    await client.close();
  });

  test.each([
    { reducer: 'nope', args: nothing, error: 'no such reducer', exists: false },
    { reducer: 'add_label', args: nothing, error: /^invalid arguments for reducer add_label: /u, exists: true },
  ])(
    'a call of $reducer that is refused is answered without its request id',
    async ({ reducer, args, error, exists }) => {
      const client = await connect();
      client.call(9, reducer, args);
      const { status, reducerCall } = await client.next('TransactionUpdate');
      expect(status).toMatchObject({ tag: 'Failed', error: expect.stringMatching(error) });
      expect(reducerCall).toMatchObject({
        reducerName: reducer,
        requestId: 0,
        args: protocol.includes('json') ? '[]' : '',
      });
      expect(reducerCall.reducerId === 0xffff_ffff).toBe(!exists);
      await client.close();
    },
  );

  test('calls that fail are answered, and the connection goes on', async () => {
    const client = await connect();
    client.call(1, 'fail', text('not today'));
    expect(await client.next('TransactionUpdate')).toMatchObject({
      status: { tag: 'Failed', error: 'not today' },
      reducerCall: { reducerName: 'fail', requestId: 1 },
    });
    client.call(2, 'panic_with', text('oh'));
    expect((await client.next('TransactionUpdate')).status).toEqual({
      tag: 'Failed',
      error: 'The instance encountered a fatal error.',
    });
    client.call(3, 'loop_forever', nothing);
    expect((await client.next('TransactionUpdate')).status).toEqual({ tag: 'OutOfEnergy' });
    client.call(4, 'add_label', text('a'));
    expect((await client.next('TransactionUpdate')).status).toEqual({ tag: 'Committed', tables: [] });
    await client.close();
  });

  test('one-off queries answer with one table or an error', async () => {
    await insert('a');
    const client = await connect();
    const messageId = Uint8Array.of(1, 2);
    client.send({ tag: 'OneOffQuery', messageId, query: LABELS });
    expect(await client.next('OneOffQueryResponse')).toMatchObject({
      messageId,
      error: undefined,
      tables: [{ table: 'label', rows: [labelled('a')] }],
    });
    client.send({ tag: 'OneOffQuery', messageId, query: "SELECT * FROM label WHERE text = 'z'" });
    expect((await client.next('OneOffQueryResponse')).tables).toEqual([{ table: 'label', rows: [] }]);
    client.send({ tag: 'OneOffQuery', messageId, query: 'SELECT * FROM nope' });
    expect(await client.next('OneOffQueryResponse')).toMatchObject({
      error: expect.stringMatching(/no such table/u),
      tables: [],
    });
    await client.close();
  });

  test('procedures return values, or say why not', async () => {
    const client = await connect('library');
    client.callProcedure(5, 'count_books', text('Goethe'));
    const result = await client.next('ProcedureResult');
    expect(result).toMatchObject({ requestId: 5, status: { tag: 'Returned', value: client.value(types.u64, 1n) } });
    client.callProcedure(6, 'nope', nothing);
    expect(await client.next('ProcedureResult')).toMatchObject({
      requestId: 6,
      status: { tag: 'InternalError', error: 'No such procedure' },
      timestampMicros: 0n,
    });
    client.callProcedure(7, 'count_books', nothing);
    expect((await client.next('ProcedureResult')).status).toMatchObject({
      tag: 'InternalError',
      error: expect.stringMatching(/^invalid arguments for procedure count_books: /u),
    });
    await client.close();
  });

  test('a procedure that uses up its energy says so', async () => {
    const client = await connect('procedures');
    client.callProcedure(5, 'loop_forever', nothing);
    expect(await client.next('ProcedureResult')).toMatchObject({
      requestId: 5,
      status: { tag: 'OutOfEnergy' },
      timestampMicros: 0n,
    });
    await client.close();
  });

  test.each([
    { compression: undefined, tag: 1 },
    { compression: 'Brotli', tag: 1 },
    { compression: 'Gzip', tag: 2 },
    { compression: 'None', tag: 0 },
  ])(
    'a long answer for compression=$compression has tag $tag, or none in a text frame',
    async ({ compression, tag }) => {
      await insert('x'.repeat(2000));
      const client = await connect('labels', compression === undefined ? {} : { compression });
      client.send({ tag: 'Subscribe', requestId: 1, queries: [LABELS] });
      await client.next('InitialSubscription');
      expect(client.tags).toEqual(protocol.includes('json') ? ['text', 'text'] : [0, tag]);
      await client.close();
    },
  );

  test.each([
    { what: 'an empty frame', frame: Buffer.alloc(0), reason: /without a message/u },
    { what: 'an unknown message', frame: Buffer.from('ff', 'hex'), reason: /unknown tag 0xff/u },
    { what: 'half a message', frame: Buffer.from('0001000000', 'hex'), reason: /too short/u },
    { what: 'text that is no JSON', frame: 'hello', reason: /client message at byte 0/u },
    { what: 'an unknown name', frame: `{"${'Nope'.repeat(100)}":{}}`, reason: /a variant of the type/u },
    { what: 'deep JSON', frame: '['.repeat(100_000), reason: /nested deeper/u },
    { what: 'an unknown flag', frame: '{"CallReducer":["add_label","[]",1,7]}', reason: /flags 7/u },
  ])('$what closes the connection with 1011, and only that', async ({ frame, reason }) => {
    const [good, bad] = [await connect(), await connect()];
    bad.webSocket.send(frame);
    expect(await bad.closed).toEqual({ code: 1011, reason: expect.stringMatching(reason) });
    good.call(1, 'add_label', text('still here'));
    await good.next('TransactionUpdate');
    await good.close();
  });

  test('frames of the other kind are understood, and answered in the kind that was agreed on', async () => {
    await insert('a');
    const client = await connect();
    const isJson = protocol.includes('json');
    client.webSocket.send(
      isJson
        ? Buffer.from('010100000013000000' + Buffer.from(LABELS).toString('hex') + '03000000', 'hex')
        : '{"Subscribe":[["SELECT * FROM label"],3]}',
    );
    expect(await client.next('InitialSubscription')).toMatchObject({ requestId: 3 });
    expect(client.tags).toEqual(isJson ? ['text', 'text'] : [0, 0]);
    await client.close();
  });

  test('a client of v2 and one of v1 see the same transactions', async () => {
    const v1 = await connect();
    const v2 = await TestClient.connect(server.url, 'labels', { protocols: ['v2.bsatn.spacetimedb'] });
    await v2.next('InitialConnection');
    v1.send({ tag: 'SubscribeSingle', requestId: 1, queryId: 1, query: LABELS });
    v2.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: [LABELS] });
    await v1.next('SubscribeApplied');
    await v2.next('SubscribeApplied');
    v2.call(5, 'add_label', textArgs('of v2'));
    await v2.next('ReducerResult');
    expect(await v1.next('TransactionUpdateLight')).toMatchObject({
      requestId: 5,
      tables: [labels(change([labelled('of v2')]))],
    });
    v1.call(6, 'add_label', text('of v1'));
    await v1.next('TransactionUpdate');
    expect((await v2.next('TransactionUpdate')).querySets).toHaveLength(1);
    await Promise.all([v1.close(), v2.close()]);
  });
});

/** What the official CLI does when v3 cannot be had (file 20 §1.1 of the specification): text in, text out. */
test('the fallback of the official CLI gets rows by name first, then changes by position', async () => {
  await sql(server.url, 'labels', owner, `INSERT INTO label (id, text) VALUES (7, 'a "b"')`);
  const url = `${server.url.replace('http', 'ws')}/v1/database/labels/subscribe`;
  const webSocket = new WebSocket(url, ['v1.json.spacetimedb'], { headers: authorization(owner) });
  const frames = on(webSocket, 'message');
  /** The next frame as it is, but for numbers that are never the same. */
  const next = async (): Promise<string> => {
    const { value } = (await frames.next()) as { value: [data: Buffer, isBinary: boolean] };
    expect(value[1]).toBe(false);
    return value[0].toString().replaceAll(/("(?:table_id|__connection_id__|__time_duration_micros__)":)\d+/gu, '$1N');
  };
  expect(await next()).toBe(
    `{"IdentityToken":{"identity":{"__identity__":"0x${owner.identity}"},"token":"${owner.token}",` +
      '"connection_id":{"__connection_id__":N}}}',
  );
  webSocket.send('{"Subscribe":{"query_strings":["SELECT * FROM label"],"request_id":0}}');
  expect(await next()).toBe(
    '{"InitialSubscription":{"database_update":{"tables":[{"table_id":N,"table_name":"label","num_rows":1,"updates":' +
      String.raw`[{"deletes":[],"inserts":["{\"id\":7,\"text\":\"a \\\"b\\\"\"}"]}]}]},` +
      '"request_id":0,"total_host_execution_duration":{"__time_duration_micros__":N}}}',
  );
  await sql(server.url, 'labels', owner, "UPDATE label SET text = 'c' WHERE id = 7");
  expect(await next()).toBe(
    '{"TransactionUpdateLight":{"request_id":0,"update":{"tables":[{"table_id":N,"table_name":"label","num_rows":2,' +
      String.raw`"updates":[{"deletes":["[7,\"a \\\"b\\\"\"]"],"inserts":["[7,\"c\"]"]}]}]}}}`,
  );
  webSocket.close();
  await once(webSocket, 'close');
});
