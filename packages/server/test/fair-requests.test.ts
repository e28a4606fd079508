import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DatabaseThread } from '../src/database-thread/database-thread.ts';
import { ModestClient } from '../src/database-thread/modest-client.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { authorization, newUser, programs, publish } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { PostgresClient } from './postgres-client.ts';

/*
 * What somebody asks for over HTTP, MCP and Postgres waits at the database in its turn, and a client's call does not wait
 * for all of it. The database is kept busy until all of them are there; then the order of its commits tells.
 */

const REQUESTS = 100;
const CONFIG = `
[modules]
energy-per-call = 4_000_000_000
`;

let folder: string;
let server: RunningServer;
let owner: User;
beforeAll(async () => {
  // All go to the database at once, as beside nobody: its order is what is looked at.
  vi.spyOn(ModestClient.prototype, 'heard').mockReturnValue();
  folder = await mkdtemp(join(tmpdir(), 'lightcone-fair-requests-'));
  await writeFile(join(folder, 'config.toml'), CONFIG);
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder, postgresPort: 0 });
  owner = await newUser(server.url);
  await publish(server.url, 'test', owner, programs.test);
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function connect(): Promise<TestClient> {
  const client = await TestClient.connect(server.url, 'test', { protocols: ['v2.bsatn.spacetimedb'] });
  await client.next('InitialConnection');
  return client;
}

async function post(path: string, contentType: string, body: string): Promise<string> {
  const headers = { ...authorization(owner), 'content-type': contentType };
  const response = await fetch(`${server.url}/v1/database/test/${path}`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  return response.text();
}

/** Each with what it takes to add a row with a text. */
const ways: Record<string, (i: number, text: string) => Promise<unknown>> = {
  'calls over HTTP': (_, text) => post('call/add_label', 'application/json', JSON.stringify([text])),
  'SQL over HTTP': (_, text) => post('sql', 'text/plain', `INSERT INTO label (id, text) VALUES (0, '${text}')`),
  'calls over MCP': async (_, text) => {
    const params = { name: 'call', arguments: { reducer: 'add_label', args: [text] } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    expect(await post('mcp', 'application/json', body)).toContain('"isError":false');
  },
  'SQL over Postgres': async (i, text) => {
    const { error } = await sessions[i]!.query(`INSERT INTO label (id, text) VALUES (0, '${text}')`); // one for each
    expect(error).toBeUndefined();
  },
};
let sessions: readonly PostgresClient[] = [];

/** Sessions of the owner, if a way needs them. */
async function login(way: string, count: number): Promise<void> {
  if (way !== 'SQL over Postgres') return;
  const address = server.postgresAddress ?? '';
  sessions = await Promise.all(Array.from({ length: count }, () => PostgresClient.login(address, 'test', owner.token)));
}

function logout(): void {
  for (const session of sessions) session[Symbol.dispose]();
  sessions = [];
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'object' && value !== null ? Object.values(value).map(textOf).join(' ') : '';
}

test.each(Object.keys(ways))(
  'a call of a healthy client overtakes %s',
  async (way) => {
    const [observer, healthy, busy] = await Promise.all([connect(), connect(), connect()]);
    observer.send({ tag: 'Subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM label'] });
    await observer.next('SubscribeApplied');
    await login(way, REQUESTS);
    const asked = vi.spyOn(DatabaseThread.prototype, 'ask');
    busy.call(1, 'loop_forever');
    const requests = Array.from({ length: REQUESTS }, (_, i) => ways[way]!(i, `${way} ${i}`)); // one of them
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(REQUESTS), { timeout: 30_000 });
    healthy.call(1, 'add_label', textArgs(`healthy beside ${way}`));
    expect((await healthy.next('ReducerResult')).outcome.tag).toBe('Ok');
    await Promise.all(requests);
    asked.mockRestore();
    let position = -1;
    for (let i = 0; i <= REQUESTS; i++) {
      const { querySets } = await observer.next('TransactionUpdate');
      if (textOf(querySets).includes('healthy')) position = i;
    }
    // A millisecond of requests may come first, and what is being done.
    expect(position).toBeGreaterThanOrEqual(0);
    expect(position).toBeLessThan(REQUESTS / 4);
    logout();
    await Promise.all([observer, healthy, busy].map((client) => client.close()));
  },
  60_000,
);

test.each(Object.keys(ways))('of %s their bytes count, not their characters', async (way) => {
  await login(way, 1);
  const asked = vi.spyOn(DatabaseThread.prototype, 'ask');
  await ways[way]!(0, `${way} ${'€'.repeat(100)}`); // one of them
  expect(asked.mock.lastCall?.[3]).toBeGreaterThanOrEqual(300);
  asked.mockRestore();
  logout();
});
