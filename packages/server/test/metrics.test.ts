// What `GET /v1/metrics` has: the families that docs/compatibility.md lists, and the numbers of what was done.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
let database: string;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  database = await (await fetch(`${server.url}/v1/database/people/identity`)).text();
});
afterAll(() => server.close());

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

async function scrape(): Promise<Scrape> {
  const text = await (await fetch(`${server.url}/v1/metrics`)).text();
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gmu)].map(([, name = '', type = '']) => [name, type]));
  const samples = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gmu)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/gu)].map(([, key, label]) => [key, label]),
    ) as Labels,
    value: Number(value),
  }));
  return { types, samples };
}

/** The sum of the samples of a name that have these labels. */
async function read(name: string, labels: Labels = {}): Promise<number> {
  const { samples } = await scrape();
  return samples
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, label]) => sample.labels[key] === label),
    )
    .reduce((sum, { value }) => sum + value, 0);
}

/** By how much a metric grows while something is done, once it has. */
async function growth(name: string, labels: Labels, deed: () => Promise<unknown>, expected: number): Promise<void> {
  const before = await read(name, labels);
  await deed();
  await expect.poll(() => read(name, labels)).toBe(before + expected);
}

async function call(reducer: string, args: unknown[]): Promise<number> {
  const headers = { ...authorization(owner), 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(args) };
  return (await fetch(`${server.url}/v1/database/people/call/${reducer}`, request)).status;
}

test('the families are those that docs/compatibility.md lists', async () => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## Metrics$(.*?)^The labels/msu.exec(page) ?? [];
  const listed = [...section.matchAll(/`((?:spacetime|lightcone|reducer|view)_\w+)`/gu)].map(([, name]) => name);
  const { types } = await scrape();
  const served = [...types.keys()].filter((name) => !/^(?:process|nodejs)_/u.test(name));
  expect(served.toSorted()).toEqual(listed.toSorted());
});

const identity = ['database_identity'];
const table = ['db', 'table_id', 'table_name'];
const changes = ['db', 'reducer_or_query', 'table_id', 'table_name', 'txn_type'];
const failures = ['database_identity', 'module_hash', 'reducer_symbol'];

test.each([
  ['spacetime_num_txns_total', 'counter', ['committed', 'db', 'reducer', 'txn_type']],
  ['spacetime_num_table_rows', 'gauge', table],
  ['spacetime_num_rows_inserted_total', 'counter', changes],
  ['spacetime_num_rows_deleted_total', 'counter', changes],
  ['spacetime_num_bytes_written_total', 'counter', ['db', 'txn_type']],
  ['spacetime_table_size_bytes', 'gauge', table],
  ['spacetime_data_size_table_num_rows', 'gauge', ['db', 'table_name']],
  ['reducer_wasmtime_fuel_used', 'counter', ['db', 'reducer']],
  ['spacetime_worker_sender_errors_total', 'counter', failures],
  ['spacetime_worker_wasm_instance_errors_total', 'counter', failures],
  ['spacetime_worker_wasm_memory_bytes', 'gauge', identity],
  ['spacetime_module_instances', 'gauge', ['database_identity', 'module_type']],
  ['spacetime_module_host_init_attempts_total', 'counter', identity],
  ['spacetime_module_log_file_size_bytes', 'gauge', ['db']],
  ['spacetime_http_response_size_bytes_total', 'counter', ['db']],
  ['spacetime_worker_connected_clients', 'gauge', identity],
  ['spacetime_worker_ws_clients_spawned', 'gauge', identity],
  ['spacetime_websocket_requests_total', 'counter', ['database_identity', 'protocol']],
  ['spacetime_websocket_request_msg_size_bucket', 'histogram', ['database_identity', 'le', 'protocol']],
  ['spacetime_websocket_sent_msg_size_bytes_count', 'histogram', ['db']],
  ['spacetime_total_incoming_queue_length', 'gauge', ['db']],
  ['spacetime_active_queries', 'gauge', identity],
  ['spacetime_num_queries_subscribed', 'counter', ['db']],
  ['spacetime_replay_total_time_seconds', 'gauge', ['db']],
])('%s is a %s with the labels %j', async (name, type, labels) => {
  const { types, samples } = await scrape();
  expect(types.get(name) ?? types.get(name.replace(/_(?:bucket|count)$/u, ''))).toBe(type);
  const sample = samples.find((candidate) => candidate.name === name);
  expect(Object.keys(sample?.labels ?? {}).toSorted()).toEqual(labels);
});

describe('what is done is counted:', () => {
  const db = (): Labels => ({ db: database });

  test('a call that commits, with its rows', async () => {
    const rows = { ...db(), table_name: 'person' };
    await growth('spacetime_num_rows_inserted_total', rows, () => call('add', ['Ann', 1]), 1);
    expect(await read('spacetime_num_table_rows', rows)).toBe(1);
    expect(await read('spacetime_num_txns_total', { ...db(), reducer: 'add', committed: 'true' })).toBe(1);
    await growth(
      'spacetime_num_rows_deleted_total',
      rows,
      () => sql(server.url, 'people', owner, 'DELETE FROM person'),
      1,
    );
  });

  test('calls that trap', async () => {
    await call('add', ['Bob', 1]);
    const labels = { database_identity: database, reducer_symbol: 'add' };
    await growth('spacetime_worker_wasm_instance_errors_total', labels, () => call('add', ['Bob', 1]), 1);
    expect(await read('spacetime_worker_sender_errors_total', labels)).toBe(0);
  });

  test('SQL, and the bytes of its answers', async () => {
    const statement = (text: string) => () =>
      fetch(`${server.url}/v1/database/people/sql`, { method: 'POST', body: text }).then((answer) => answer.text());
    await growth(
      'spacetime_num_txns_total',
      { ...db(), txn_type: 'Sql', committed: 'true' },
      statement('SELECT * FROM person'),
      1,
    );
    await growth('spacetime_num_txns_total', { ...db(), txn_type: 'Sql', committed: 'false' }, statement('SELECT'), 1);
    const before = await read('spacetime_http_response_size_bytes_total', db());
    const answer = await statement('SELECT * FROM person')();
    expect(await read('spacetime_http_response_size_bytes_total', db())).toBe(before + answer.length);
  });

  test('requests with methods that no route has, whichever they are', async () => {
    const labels = { method: 'other', route: '/v1/ping', status: '405' };
    const ask = (method: string): Promise<Response> => fetch(`${server.url}/v1/ping`, { method });
    await growth('lightcone_http_request_seconds_count', labels, () => ask('PROPFIND'), 1);
    expect((await ask('PATCH')).headers.get('allow')).toBe('GET,HEAD');
  });

  test('subscriptions, and their evaluations', async () => {
    const client = await TestClient.connect(server.url, 'people', { query: { token: owner.token } });
    await client.next('InitialConnection');
    const subscribe = async (): Promise<void> => {
      client.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM person'] });
      await client.next('SubscribeApplied');
    };
    await growth('spacetime_num_new_queries_subscribed', db(), subscribe, 1);
    expect(await read('spacetime_query_subscriptions', { database_identity: database })).toBe(1);
    expect(await read('spacetime_subscription_connections', { database_identity: database })).toBe(1);
    await growth('spacetime_num_delta_queries_matched', db(), () => call('add', ['Cleo', 1]), 1);
    expect(await read('spacetime_websocket_request_msg_size_count', { protocol: 'binary' })).toBe(1);
    expect(await read('spacetime_websocket_sent_msg_size_bytes_count', db())).toBeGreaterThanOrEqual(3);
    await client.close();
  });

  test('starts that fail, and nothing of databases that are gone', async () => {
    const labels = { database_identity: database };
    expect(await read('spacetime_module_host_init_attempts_total', labels)).toBe(1);
    await publish(server.url, 'short-lived', owner, programs.person);
    const identityOf = await (await fetch(`${server.url}/v1/database/short-lived/identity`)).text();
    expect(await read('spacetime_module_host_init_attempts_total', { database_identity: identityOf })).toBe(1);
    await fetch(`${server.url}/v1/database/short-lived`, { method: 'DELETE', headers: authorization(owner) });
    const { samples } = await scrape();
    expect(samples.filter((sample) => Object.values(sample.labels).includes(identityOf))).toEqual([]);
  });
});

const upgrade = (token: string, protocol: string, name: string): string =>
  [
    `GET /v1/database/${name}/subscribe?token=${token} HTTP/1.1`,
    'host: localhost',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `sec-websocket-protocol: ${protocol}`,
    '\r\n',
  ].join('\r\n');

async function open(token = owner.token, protocol = 'v1.json.spacetimedb', name = 'people'): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(upgrade(token, protocol, name));
  await once(socket, 'data');
  return socket;
}

test('the CPU time is that of the whole life of the process', async () => {
  const { user, system } = process.cpuUsage();
  // A sum of fractions of seconds: it is off by less than a microsecond.
  const micros = async (name: string): Promise<number> => Math.round((await read(name)) * 1e6);
  expect(await micros('process_cpu_user_seconds_total')).toBeGreaterThanOrEqual(user);
  expect(await micros('process_cpu_system_seconds_total')).toBeGreaterThanOrEqual(system);
  expect(await micros('process_cpu_seconds_total')).toBeGreaterThanOrEqual(user + system);
});

test.each([
  { cause: 'invalid_protocol', token: undefined, protocol: 'v9.json', as: 'people' },
  { cause: 'authorization_failed', token: 'x', protocol: 'v1.json.spacetimedb', as: 'people' },
  { cause: 'authorization_failed', token: 'x', protocol: 'v1.json.spacetimedb', as: '%70eople' },
])('a connection to $as that is rejected counts as $cause', async ({ cause, token, protocol, as }) => {
  const labels = { database_identity: database, cause };
  const name = 'spacetime_worker_ws_client_rejections_total';
  const before = await read(name, labels);
  (await open(token, protocol, as)).destroy();
  expect(await read(name, labels)).toBe(before + 1);
});

/** A frame of a client, unmasked by a key of zeros. */
const frame = (opcode: number, ...payload: number[]): Buffer =>
  Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);

test.each([
  { cause: 'client_close', sends: frame(0x8, 0x03, 0xe8) },
  { cause: 'websocket_utf8', sends: frame(0x1, 0xff) },
  { cause: 'websocket_protocol', sends: frame(0x5) },
  { cause: 'websocket_capacity', sends: Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) },
  { cause: 'client_message_error', sends: frame(0x1, 0x7b) },
  { cause: 'websocket_stream_ended', sends: undefined },
])('a connection that ends by $cause counts as such', async ({ cause, sends }) => {
  const labels = { database_identity: database, cause };
  const end = async (): Promise<void> => {
    const socket = await open();
    if (sends === undefined) socket.end();
    else socket.write(sends);
    socket.resume();
    await once(socket, 'close');
  };
  const name = 'spacetime_worker_ws_client_disconnections_total';
  const before = await read(name, labels);
  await end();
  await expect.poll(() => read(name, labels)).toBe(before + 1);
});
