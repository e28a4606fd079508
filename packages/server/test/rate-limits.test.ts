import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { authorization, newUser, programs, publish } from './fixtures.ts';

// So slow to fill that nothing fills while a test runs.
const CONFIG = `
[rate-limits]
per-connection = { per-second = 0.01, burst = 5 }
per-identity = { per-second = 0.01, burst = 7 }
[rate-limits.functions]
set_name = { per-second = 0.01, burst = 1 }
`;

let folder: string;
let server: RunningServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-rate-limits-'));
  await writeFile(join(folder, 'config.toml'), CONFIG);
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  await publish(server.url, 'chat', await newUser(server.url), programs.chat);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test('limits of the configuration hold over connections and HTTP together, and the metrics count what was refused', async () => {
  const user = await newUser(server.url);
  const connect = (): Promise<TestClient> => TestClient.connect(server.url, 'chat', { query: { token: user.token } });
  const client = await connect();
  await client.next('InitialConnection');
  client.call(1, 'set_name', textArgs('Ann'));
  client.call(2, 'set_name', textArgs('Anna'));
  for (let i = 3; i <= 6; i++) client.call(i, 'send_message', textArgs(`message ${i}`));
  const outcomes: unknown[] = [];
  for (let i = 1; i <= 6; i++) outcomes.push((await client.next('ReducerResult')).outcome);
  expect(outcomes).toMatchObject([
    { tag: 'Ok' },
    { tag: 'InternalError', error: expect.stringMatching(/calls of set_name by this identity.*try again in 100 s/u) },
    { tag: 'Ok' },
    { tag: 'Ok' },
    { tag: 'Ok' },
    { tag: 'InternalError', error: expect.stringMatching(/requests of this connection is 0.01 a second, 5 at once/u) },
  ]);

  // Another connection has five of its own, of which the identity has two left.
  const second = await connect();
  await second.next('InitialConnection');
  second.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM message'] });
  await second.next('SubscribeApplied');
  second.send({ tag: 'OneOffQuery', requestId: 2, query: 'SELECT * FROM message' });
  await second.next('OneOffQueryResult');
  second.send({ tag: 'Subscribe', requestId: 3, querySetId: 2, queries: ['SELECT * FROM user'] });
  expect((await second.next('SubscriptionError')).error).toMatch(/limit of requests of this identity/u);

  const headers = { ...authorization(user), 'content-type': 'application/json' };
  const url = `${server.url}/v1/database/chat`;
  for (const [path, body] of [
    ['call/send_message', '["hello"]'],
    ['sql', 'SELECT * FROM message'],
  ]) {
    const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: body! });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '100']);
    expect(await response.text()).toMatch(
      /^too many requests: the limit of requests of this identity is 0.01 a second/u,
    );
  }

  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  const counts = [...metrics.matchAll(/lightcone_refused_requests_total\{db="\w+",limit="(\w+)"\} (\d+)/gu)];
  expect(Object.fromEntries(counts.map(([, limit, count]) => [limit, Number(count)]))).toEqual({
    connection: 1,
    identity: 3,
    function: 1,
    unsyncedLog: 0,
    fullDisk: 0,
  });
  await Promise.all([client.close(), second.close()]);
});

test('somebody else is not limited by it', async () => {
  const client = await TestClient.connect(server.url, 'chat');
  await client.next('InitialConnection');
  client.call(1, 'send_message', textArgs('hello'));
  expect((await client.next('ReducerResult')).outcome.tag).toBe('Ok');
  await client.close();
});
