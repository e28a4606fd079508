import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let folder: string;
let server: RunningServer;
let owner: User;
/** Answers what modules ask of this machine. */
const elsewhere = createServer((_request, response) => response.end('from elsewhere'));

beforeAll(async () => {
  elsewhere.listen(0, '127.0.0.1');
  folder = await mkdtemp(join(tmpdir(), 'lightcone-procedures-'));
  await writeFile(join(folder, 'config.toml'), '[module-http]\nallow = ["127.0.0.1"]\n');
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  owner = await newUser(server.url);
  await publish(server.url, 'procedures', owner, programs.procedures);
});
afterAll(async () => {
  await server.close();
  elsewhere.close();
  await rm(folder, { recursive: true, force: true });
});

function call(name: string, args: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}/v1/database/procedures/call/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: args,
    ...init,
  });
}

test.each([
  { name: 'add', args: '[1, 2]', json: '3' },
  { name: 'add', args: '{"a": 1, "b": 2}', json: '3' },
  { name: 'do_nothing', args: '[]', json: '[]' },
  { name: 'divide', args: '[1, 0]', json: '[1,"1 cannot be divided by 0"]' },
  { name: 'first_char', args: '[""]', json: '[1,[]]' },
])('$name($args) over HTTP answers $json', async ({ name, args, json }) => {
  const response = await call(name, args);
  expect([response.status, await response.text()]).toEqual([200, json]);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('spacetime-execution-duration-micros')).toMatch(/^\d+$/u);
  expect(response.headers.get('spacetime-identity')).toMatch(/^[0-9a-f]{64}$/u);
});

test.each([
  { name: 'add', args: '[1]', status: 400, body: /^invalid arguments for procedure add: / },
  { name: 'add', args: '', status: 400, body: /^invalid arguments for procedure add: / },
  { name: 'nothing', args: '[]', status: 404, body: /^No such procedure$/ },
  { name: 'panic_with', args: '["secret"]', status: 500, body: /^The module instance encountered a fatal error: / },
])('$name($args) over HTTP answers $status', async ({ name, args, status, body }) => {
  const response = await call(name, args);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const text = await response.text();
  expect(text).toMatch(body);
  expect(text).not.toContain('secret');
});

test('a procedure sleeps while the database answers others, over HTTP and WebSocket', async () => {
  const client = await TestClient.connect(server.url, 'procedures');
  await client.next('InitialConnection');
  const args = new ByteWriter();
  args.u64(300n);
  client.send({ tag: 'CallProcedure', requestId: 5, procedure: 'sleep', args: args.finish() });
  const overHttp = call('sleep', '[300]');
  expect(await (await call('add', '[2, 2]')).text()).toBe('4');
  const { requestId, status } = await client.next('ProcedureResult');
  expect(requestId).toBe(5);
  const slept = status.tag === 'Returned' ? new ByteReader(status.value).i64() : 0n;
  expect(slept).toBeGreaterThanOrEqual(300_000n);
  expect(Number(await (await overHttp).text())).toBeGreaterThanOrEqual(300_000);
  await client.close();
});

test('what a procedure commits is there, and its caller is gone from the clients when it has ended', async () => {
  expect((await call('write_in_transaction', '["kept"]')).status).toBe(200);
  expect((await call('write_and_abort', '["not kept"]')).status).toBe(200);
  const entries = await sql(server.url, 'procedures', owner, 'SELECT text FROM entry');
  expect(entries).toEqual([['kept']]);
  expect(await sql(server.url, 'procedures', owner, 'SELECT * FROM st_client')).toHaveLength(1); // the asking one
});

test('outgoing HTTP reaches what the operator allows, and nothing else of this machine', async () => {
  const { port } = elsewhere.address() as AddressInfo;
  expect(await (await call('fetch', `["http://127.0.0.1:${port}/"]`)).text()).toBe('[0,"200 from elsewhere"]');
  for (const url of [`http://127.0.0.2:${port}/`, `http://[::1]:${port}/`, 'http://169.254.169.254/']) {
    expect(await (await call('fetch', `["${url}"]`)).text()).toMatch(/^\[1,".*refusing to connect to private/u);
  }
  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  const counted = (name: string): number => Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'mu').exec(metrics)?.[1]);
  expect(counted('spacetime_procedure_num_http_requests')).toBe(4);
  expect(counted('spacetime_procedure_num_successful_http_requests')).toBe(1);
  expect(counted('spacetime_procedure_num_failed_http_requests')).toBe(3);
  expect(counted('spacetime_procedure_num_timeout_http_requests')).toBe(0);
  expect(counted('spacetime_procedure_num_in_progress_http_requests')).toBe(0);
  expect(counted('spacetime_procedure_http_response_size_bytes')).toBe('from elsewhere'.length);
  expect(metrics).toMatch(/^spacetime_num_txns_total\{txn_type="Procedure",[^}]*committed="true"\} [1-9]/mu);
  expect(counted('spacetime_module_instances')).toBeGreaterThanOrEqual(2);
});

test('a server that stops ends what sleeps, with an answer', async () => {
  const own = await startServer({ listenAddress: '127.0.0.1:0' });
  const user = await newUser(own.url);
  await publish(own.url, 'procedures', user, programs.procedures);
  const sleeping = fetch(`${own.url}/v1/database/procedures/call/sleep`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(user) },
    body: '[600000]',
  });
  // The request is there when its connection is among the clients.
  while ((await sql(own.url, 'procedures', user, 'SELECT * FROM st_client')).length < 2);
  await own.close();
  const response = await sleeping;
  expect(response.status).toBe(500);
  expect(await response.text()).toMatch(/is closed$/u);
});

test('a database that is held up by a call is left out of the metrics, and holds up none of the others', async () => {
  await publish(server.url, 'busy', owner, programs.procedures);
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '[]' };
  const looping = fetch(`${server.url}/v1/database/busy/call/loop_forever`, request);
  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(metrics.match(/^spacetime_num_table_rows\{.*table_name="entry"\}/gmu)?.length).toBeGreaterThanOrEqual(1);
  expect((await looping).status).toBe(402);
  const again = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(again.match(/^spacetime_num_table_rows\{.*table_name="entry"\}/gmu)).toHaveLength(2);
});
