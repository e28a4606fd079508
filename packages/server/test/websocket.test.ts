import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowCount } from '@lightcone/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
});

afterAll(() => server.close());

const subscribe = { tag: 'Subscribe', requestId: 1, querySetId: 7, queries: ['SELECT * FROM message'] } as const;

describe.each(['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'])('over %s', (protocol) => {
  const connect = (query: Record<string, string> = {}): Promise<TestClient> =>
    TestClient.connect(server.url, 'chat', { protocols: [protocol], query });

  test('what one client writes reaches those who subscribed, and its writer in the answer', async () => {
    const [writer, reader] = [await connect(), await connect()];
    for (const client of [writer, reader]) {
      await client.next('InitialConnection');
      client.send(subscribe);
      await client.next('SubscribeApplied');
    }
    writer.call(5, 'send_message', textArgs('hello'));
    const result = await writer.next('ReducerResult');
    expect(result).toMatchObject({ requestId: 5, outcome: { tag: 'Ok', querySets: [{ querySetId: 7 }] } });
    const update = await reader.next('TransactionUpdate');
    const changes = update.querySets[0]?.tables[0]?.changes[0];
    expect(changes?.tag === 'PersistentTable' && rowCount(changes.inserts)).toBe(1);
    await Promise.all([writer.close(), reader.close()]);
  });

  test('the first message names the caller and repeats its token', async () => {
    const user = await newUser(server.url);
    const client = await connect({ token: user.token, connection_id: '000102030405060708090a0b0c0d0e0f' });
    const first = await client.next('InitialConnection');
    expect(Buffer.from(first.identity).reverse().toString('hex')).toBe(user.identity);
    expect(Buffer.from(first.connectionId).reverse().toString('hex')).toBe('000102030405060708090a0b0c0d0e0f');
    expect(first.token).toBe(user.token);
    expect(client.headers).toMatchObject({
      'spacetime-identity': user.identity,
      'spacetime-identity-token': user.token,
      'access-control-allow-origin': '*',
    });
    await client.close();
  });

  test.each([
    { compression: undefined, tag: 1 },
    { compression: 'Brotli', tag: 1 },
    { compression: 'Gzip', tag: 2 },
    { compression: 'None', tag: 0 },
  ])('a long answer for compression=$compression has tag $tag', async ({ compression, tag }) => {
    const writer = await connect();
    await writer.next('InitialConnection');
    for (let i = 0; i < 4; i++) writer.call(i, 'send_message', textArgs('x'.repeat(900)));
    for (let i = 0; i < 4; i++) await writer.next('ReducerResult');
    const client = await connect(compression === undefined ? {} : { compression });
    await client.next('InitialConnection');
    client.send(subscribe);
    expect((await client.next('SubscribeApplied')).tables).toHaveLength(1);
    expect(client.tags).toEqual([0, tag]);
    await Promise.all([writer.close(), client.close()]);
  });

  test.each([
    { what: 'a text frame', frame: 'hello', reason: /text messages are not supported/u },
    { what: 'an empty frame', frame: Buffer.alloc(0), reason: /without a message/u },
    { what: 'an unknown message', frame: Buffer.from('ff', 'hex'), reason: /unknown tag 255/u },
    { what: 'half a message', frame: Buffer.from('0304000000', 'hex'), reason: /too short/u },
  ])('$what closes the connection with 1011, and only that', async ({ frame, reason }) => {
    const [good, bad] = [await connect(), await connect()];
    await bad.next('InitialConnection');
    await good.next('InitialConnection');
    bad.webSocket.send(frame);
    expect(await bad.closed).toEqual({ code: 1011, reason: expect.stringMatching(reason) });
    good.call(1, 'send_message', textArgs('still here'));
    await good.next('ReducerResult');
    await good.close();
  });

  test.each([
    {
      what: 'an unknown reducer',
      reducer: 'nope',
      args: textArgs(),
      outcome: { tag: 'InternalError', error: 'no such reducer' },
    },
    { what: 'a lifecycle reducer', reducer: 'init', args: textArgs(), outcome: { tag: 'InternalError' } },
    {
      what: 'arguments that do not decode',
      reducer: 'send_message',
      args: Uint8Array.of(9),
      outcome: { tag: 'InternalError' },
    },
    { what: 'a reducer that returns an error', reducer: 'send_message', args: textArgs(''), outcome: { tag: 'Err' } },
  ])('$what is answered, and the connection goes on', async ({ reducer, args, outcome }) => {
    const client = await connect();
    await client.next('InitialConnection');
    client.call(9, reducer, args);
    expect(await client.next('ReducerResult')).toMatchObject({ requestId: 9, outcome });
    client.call(10, 'send_message', textArgs('after an error'));
    expect(await client.next('ReducerResult')).toMatchObject({ requestId: 10, outcome: { tag: 'Ok' } });
    await client.close();
  });

  test('a frame over 32 MiB ends its connection and no other', async () => {
    const [good, bad] = [await connect(), await connect()];
    await Promise.all([good.next('InitialConnection'), bad.next('InitialConnection')]);
    bad.webSocket.on('error', () => undefined);
    bad.webSocket.send(Buffer.alloc(32 * 1024 * 1024 + 1));
    expect((await bad.closed).code).not.toBe(1000);
    good.call(1, 'send_message', textArgs('still here'));
    await good.next('ReducerResult');
    await good.close();
  });
});

test('several calls in one frame are answered in order', async () => {
  const client = await TestClient.connect(server.url, 'chat');
  await client.next('InitialConnection');
  const args = textArgs('many');
  client.send(
    ...Array.from(
      { length: 50 },
      (_, requestId) => ({ tag: 'CallReducer', requestId, reducer: 'send_message', args }) as const,
    ),
  );
  for (let i = 0; i < 50; i++) expect((await client.next('ReducerResult')).requestId).toBe(i);
  await client.close();
});

test('the server prefers v3, whatever the order of the offer', async () => {
  const protocols = ['v1.json.spacetimedb', 'v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'];
  const client = await TestClient.connect(server.url, 'chat', { protocols });
  expect(client.webSocket.protocol).toBe('v3.bsatn.spacetimedb');
  await client.close();
});

test('a client that connects and leaves is seen by the module once each', async () => {
  await publish(server.url, 'visits', owner, programs.connections);
  const user = await newUser(server.url);
  const client = await TestClient.connect(server.url, 'visits', { query: { token: user.token } });
  await client.next('InitialConnection');
  await client.close();
  const isUser = (row: unknown): boolean => JSON.stringify(row).includes(user.identity);
  const rowsOf = async (table: string): Promise<number> =>
    (await sql(server.url, 'visits', owner, `SELECT * FROM ${table}`)).filter(isUser).length;
  // The server may hear of the end a moment after the client.
  await vi.waitFor(async () => expect(await rowsOf('disconnected')).toBe(1));
  expect(await rowsOf('connected')).toBe(1);
  expect(await rowsOf('st_client')).toBe(0);
});

test('who comes back with the same connection id and token is let in beside the connection that was', async () => {
  const connectionId = '0b'.repeat(16);
  const connect = async (): Promise<TestClient> => {
    const query = { token: owner.token, connection_id: connectionId };
    const client = await TestClient.connect(server.url, 'chat', { query });
    await client.next('InitialConnection');
    return client;
  };
  const known = (): Promise<unknown[]> =>
    sql(server.url, 'chat', owner, `SELECT * FROM st_client WHERE connection_id = ${BigInt(`0x${connectionId}`)}`);
  const old = await connect();
  const back = await connect();
  await old.close();
  back.call(1, 'send_message', textArgs('still here'));
  expect((await back.next('ReducerResult')).outcome.tag).toBe('Ok');
  expect(await known()).toHaveLength(1);
  await back.close();
  await vi.waitFor(async () => expect(await known()).toEqual([]));
});

test('[flaw 16] who subscribes to st_client sees clients come and go, also without lifecycle reducers', async () => {
  await publish(server.url, 'no-lifecycle', owner, programs.procedures);
  const watcher = await TestClient.connect(server.url, 'no-lifecycle', { query: { token: owner.token } });
  await watcher.next('InitialConnection');
  watcher.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM st_client'] });
  await watcher.next('SubscribeApplied');
  const changes = async (): Promise<{ inserts: number; deletes: number }> => {
    const change = (await watcher.next('TransactionUpdate')).querySets[0]?.tables[0]?.changes[0];
    if (change?.tag !== 'PersistentTable') throw new Error('st_client is no event table');
    return { inserts: rowCount(change.inserts), deletes: rowCount(change.deletes) };
  };
  const visitor = await TestClient.connect(server.url, 'no-lifecycle');
  expect(await changes()).toEqual({ inserts: 1, deletes: 0 });
  await visitor.close();
  expect(await changes()).toEqual({ inserts: 0, deletes: 1 });
  await watcher.close();
});

describe('with short limits', () => {
  let folder: string;
  let strict: RunningServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightcone-server-'));
    const config = '[websocket]\nping-interval = "100ms"\nidle-timeout = "400ms"\nincoming-queue-length = 100\n';
    await writeFile(join(folder, 'config.toml'), config);
    strict = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
    await publish(strict.url, 'chat', await newUser(strict.url), programs.chat);
  });
  afterAll(async () => {
    await strict.close();
    await rm(folder, { recursive: true });
  });

  test('more frames than may wait are answered with 1013', async () => {
    const client = await TestClient.connect(strict.url, 'chat', { protocols: ['v2.bsatn.spacetimedb'] });
    await client.next('InitialConnection');
    for (let i = 0; i < 200; i++) client.call(i, 'send_message', textArgs('flood'));
    expect(await client.closed).toEqual({ code: 1013, reason: 'too many requests' });
  });

  test('a client that answers pings stays, one that says nothing is dropped without a word', async () => {
    const talking = await TestClient.connect(strict.url, 'chat');
    let pings = 0;
    talking.webSocket.on('ping', () => pings++);
    const quiet = await TestClient.connect(strict.url, 'chat');
    // It reads no ping, and so answers none.
    quiet.webSocket.pause();
    const connected = async (): Promise<unknown> => {
      const metrics = await (await fetch(`${strict.url}/v1/metrics`)).text();
      return /^spacetime_worker_connected_clients\{.*\} (\d)$/mu.exec(metrics)?.[1];
    };
    await vi.waitFor(async () => expect(await connected()).toBe('1'), { timeout: 10_000 });
    quiet.webSocket.resume();
    expect((await quiet.closed).code).toBe(1006);
    expect(talking.webSocket.readyState).toBe(talking.webSocket.OPEN);
    expect(pings).toBeGreaterThan(1);
    await talking.close();
  });
});

test('deleting a database closes its clients with 1001', async () => {
  await publish(server.url, 'short-lived', owner, programs.chat);
  const client = await TestClient.connect(server.url, 'short-lived');
  await client.next('InitialConnection');
  const response = await fetch(`${server.url}/v1/database/short-lived`, {
    method: 'DELETE',
    headers: authorization(owner),
  });
  expect(response.status).toBe(200);
  expect(await client.closed).toEqual({ code: 1001, reason: 'module exited' });
});

describe('a handshake is refused', () => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
  const websocket = { ...upgrade, 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const complete = { ...websocket, 'sec-websocket-protocol': 'v3.bsatn.spacetimedb' };
  const zero = '0'.repeat(32);
  const cases = [
    {
      what: 'a token that is none',
      path: 'chat',
      query: 'token=x',
      headers: complete,
      status: 401,
      text: 'Invalid token: InvalidToken',
    },
    {
      what: 'a malformed authorization',
      path: 'chat',
      headers: { ...complete, authorization: 'x' },
      status: 400,
      text: 'Authorization is invalid: malformed token',
    },
    {
      what: 'a bad name',
      path: 'Chat',
      headers: {},
      status: 400,
      text: 'Invalid URL: invalid characters in database name',
    },
    {
      what: 'an unknown compression',
      path: 'chat',
      query: 'compression=gzip',
      headers: complete,
      status: 400,
      text: /^Failed to deserialize query string/u,
    },
    {
      what: 'no upgrade, of an unknown database',
      path: 'nope',
      headers: {},
      status: 426,
      text: 'This service requires use of the websocket protocol',
    },
    {
      what: 'no version',
      path: 'nope',
      headers: upgrade,
      status: 400,
      text: "`Sec-WebSocket-Version` header did not include '13'",
    },
    {
      what: 'no key',
      path: 'nope',
      headers: { ...upgrade, 'sec-websocket-version': '13' },
      status: 400,
      text: '`Sec-WebSocket-Key` header missing',
    },
    {
      what: 'the connection id of nobody',
      path: 'nope',
      query: `connection_id=${zero}`,
      headers: websocket,
      status: 400,
      text: 'Invalid connection ID: the all-zeros ConnectionId is reserved.',
    },
    { what: 'an unknown database', path: 'nope', headers: websocket, status: 404, text: '`nope` not found' },
    { what: 'an unknown identity', path: 'c2'.repeat(32), headers: complete, status: 404, text: 'No such database.' },
    { what: 'no protocol', path: 'chat', headers: websocket, status: 400, text: 'no valid protocol selected' },
    {
      what: 'another protocol',
      path: 'chat',
      headers: { ...websocket, 'sec-websocket-protocol': 'V3.bsatn.spacetimedb' },
      status: 400,
      text: 'no valid protocol selected',
    },
  ];
  test.each(cases)('with $what: $status', async ({ path, query = '', headers, status, text }) => {
    const url = `${server.url}/v1/database/${path}/subscribe?${query}`;
    const answer = await new Promise<{ status: number | undefined; text: string; headers: object }>(
      (resolve, reject) => {
        const request = httpRequest(url, { headers }, (response) => {
          response.setEncoding('utf8');
          let body = '';
          response.on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode, text: body, headers: response.headers }));
        });
        request.on('error', reject);
        request.end();
      },
    );
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*' });
  });

  test('with another method: 405', async () => {
    const response = await fetch(`${server.url}/v1/database/chat/subscribe`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET,HEAD']);
  });

  test.each(['chat', 'nobody'])(
    'to %s behind a request that is not answered yet: the end of the socket',
    async (path) => {
      const socket = connectTcp(new URL(server.url).port as unknown as number, '127.0.0.1');
      const lines = Object.entries({ ...websocket, host: 'localhost' }).map(([name, value]) => `${name}: ${value}`);
      const upgrade = [`GET /v1/database/${path}/subscribe HTTP/1.1`, ...lines, '', ''].join('\r\n');
      const unanswered = 'POST /v1/database/chat/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n';
      socket.end(unanswered + upgrade);
      socket.resume();
      await once(socket, 'close');
      expect((await fetch(`${server.url}/v1/ping`)).status).toBe(200);
    },
  );
});
