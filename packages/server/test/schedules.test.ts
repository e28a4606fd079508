import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'schedules', owner, programs.schedules);
});
afterAll(() => server.close());

async function call(reducer: string, args: unknown[], user = owner): Promise<number> {
  const response = await fetch(`${server.url}/v1/database/schedules/call/${reducer}`, {
    method: 'POST',
    headers: { ...authorization(user), 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  await response.arrayBuffer();
  return response.status;
}

test('the timers of this machine call scheduled reducers and procedures, whose rows reach subscribers', async () => {
  const client = await TestClient.connect(server.url, 'schedules');
  await client.next('InitialConnection');
  client.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM run'] });
  await client.next('SubscribeApplied');

  expect(await call('set_alarm', ['alarm', 20, { nothing: {} }])).toBe(200);
  await client.next('TransactionUpdate');
  expect(await call('send_on_errand', ['errand', 20, 20, false])).toBe(200);
  await client.next('TransactionUpdate'); // it begins
  await client.next('TransactionUpdate'); // and ends
  await client.close();

  const labels = await sql(server.url, 'schedules', owner, 'SELECT label FROM run');
  expect(labels.flat()).toEqual(['alarm', 'errand begins, row gone', 'errand ends']);
  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(metrics).toMatch(/^spacetime_scheduled_function_delay_seconds_count\{.*function="ring"\} 1$/mu);
  expect(metrics).toMatch(/^spacetime_scheduled_function_delay_seconds_count\{.*function="run_errand"\} 1$/mu);
  expect(metrics).toMatch(/^spacetime_scheduled_function_delay_seconds_bucket\{le="300",.*function="ring"\} 1$/mu);
});

test('a row that is due each millisecond and one that is due continuously leave clients their turns', async () => {
  expect(await call('start_heartbeat', ['each millisecond', 1, { none: [] }])).toBe(200);
  expect(await call('start_heartbeat', ['continuously', 0, { none: [] }])).toBe(200);
  for (let i = 0; i < 20; i++) expect(await call('remark', ['in between'])).toBe(200);
  const waiting = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(waiting).toMatch(/^lightcone_scheduled_rows\{.*\} 2$/mu);
  for (const label of ['each millisecond', 'continuously']) expect(await call('stop_heartbeat', [label])).toBe(200);
  const beats = await sql(server.url, 'schedules', owner, "SELECT label FROM run WHERE label = 'continuously'");
  expect(beats.length).toBeGreaterThan(1);
});

test('a scheduled function does not exist for others than the owner', async () => {
  expect(await call('ring', [], await newUser(server.url))).toBe(404);
});
