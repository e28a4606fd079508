// Who may do what over HTTP: every route, asked by nobody, by somebody else and by the owner.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allRoutes } from '../src/gateway/routes/all-routes.ts';
import type { RouteContext } from '../src/gateway/routes/context.ts';
import type { Route } from '../src/gateway/route.ts';
import { SUBSCRIBE_DESCRIPTION, SUBSCRIBE_PATH } from '../src/gateway/subscribe-request.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

const HIDDEN = 'the hidden word';

let server: RunningServer;
let owner: User;
let other: User;
/** The database of `owner`: paths name it by its identity, which stays. */
let database: string;

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  other = await newUser(server.url);
  await publish(server.url, 'secrets', owner, programs.test);
  await publish(server.url, 'taken', owner, programs.test);
  await sql(server.url, 'secrets', owner, `INSERT INTO secret (id, text) VALUES (1, '${HIDDEN}')`);
  database = await (await fetch(`${server.url}/v1/database/secrets/identity`)).text();
}, 30_000); // two programs are compiled
afterAll(() => server.close());

interface Rule {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly contentType?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** The statuses that nobody, somebody else and the owner get. */
  readonly statuses: readonly [anonymous: number, other: number, owner: number];
  /** What those who are refused are told. */
  readonly refusal?: RegExp;
  /** What the test is called beside the route. */
  readonly note?: string;
}

const json = 'application/json';
const notAuthorized = (action: string): RegExp =>
  new RegExp(`^[0-9a-f]{64} is not authorized to perform action on database [0-9a-f]{64}: ${action}$`, 'u');
const mustNameSomebody = /^Authorization required$/u;

function mcpSql(name: string | undefined, statement: string): string {
  const call = { name: 'sql', arguments: { sql: statement, ...(name !== undefined && { database: name }) } };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
}

/** In this order: the last one is the end of the database. */
const rules: readonly Rule[] = [
  { method: 'GET', path: '/v1/ping', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/health', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/metrics', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/prometheus/sd_config', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/openapi.json', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/database/:database/subscribe', note: 'without an upgrade', statuses: [426, 426, 426] },
  { method: 'POST', path: '/v1/identity', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/identity/public-key', statuses: [200, 200, 200] },
  { method: 'POST', path: '/v1/identity/websocket-token', statuses: [401, 200, 200], refusal: mustNameSomebody },
  { method: 'GET', path: '/v1/identity/:identity/verify', statuses: [401, 400, 204] },
  { method: 'GET', path: '/v1/identity/:identity/databases', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/energy/:identity', statuses: [200, 200, 200] },
  {
    method: 'POST',
    path: '/v1/energy/:identity',
    query: 'amount=1',
    statuses: [401, 200, 200],
    refusal: mustNameSomebody,
  },
  { method: 'PUT', path: '/v1/energy/:identity', query: 'balance=1', statuses: [401, 401, 401] },
  { method: 'GET', path: '/v1/database/:database', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/database/:database/names', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/database/:database/identity', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/database/:database/schema', query: 'version=9', statuses: [200, 200, 200] },
  { method: 'GET', path: '/v1/database/:database/unstable/timestamp', statuses: [200, 200, 200] },
  {
    method: 'GET',
    path: '/v1/database/:database/logs',
    statuses: [403, 403, 200],
    refusal: notAuthorized('view module logs'),
  },
  {
    method: 'GET',
    path: '/v1/database/:database/backups',
    statuses: [403, 403, 501],
    refusal: notAuthorized('back up database'),
  },
  {
    method: 'POST',
    path: '/v1/database/:database/backups',
    statuses: [403, 403, 501],
    refusal: notAuthorized('back up database'),
  },
  {
    method: 'POST',
    path: '/v1/database/:database/lock',
    statuses: [403, 403, 200],
    refusal: notAuthorized('delete database'),
  },
  {
    method: 'POST',
    path: '/v1/database/:database/unlock',
    statuses: [403, 403, 200],
    refusal: notAuthorized('delete database'),
  },
  {
    method: 'POST',
    path: '/v1/database/:database/call/:function',
    contentType: json,
    body: '[]',
    statuses: [200, 200, 200],
  },
  {
    method: 'POST',
    path: '/v1/database/:database/sql',
    note: 'of a private table',
    body: 'SELECT * FROM secret',
    statuses: [400, 400, 200],
    refusal: /^no such table: `secret`/u,
  },
  {
    method: 'POST',
    path: '/v1/database/:database/sql',
    note: 'that changes rows',
    body: "UPDATE answer SET text = 'x'",
    statuses: [400, 400, 200],
    refusal: /^Caller [0-9a-f]{64} is not authorized to run SQL DML statements$/u,
  },
  {
    method: 'POST',
    path: '/v1/database/:database/sql',
    note: 'of a public table',
    body: 'SELECT * FROM answer',
    statuses: [200, 200, 200],
  },
  {
    method: 'POST',
    path: '/v1/mcp',
    note: 'with a private table',
    body: mcpSql('secrets', 'SELECT * FROM secret'),
    // Errors are results here: `private-tables` looks into them.
    statuses: [200, 200, 200],
  },
  {
    method: 'POST',
    path: '/v1/database/:database/mcp',
    note: 'that changes rows',
    body: mcpSql(undefined, "UPDATE answer SET text = 'x'"),
    statuses: [200, 200, 200],
  },
  {
    method: 'POST',
    path: '/v1/database',
    note: 'makes a database for anybody, on a loopback server',
    body: programs.test,
    statuses: [200, 200, 200],
  },
  {
    method: 'POST',
    path: '/v1/database/:database/names',
    body: 'another',
    statuses: [403, 403, 200],
    refusal: notAuthorized('rename database'),
  },
  {
    method: 'POST',
    path: '/v1/database/:database/names',
    note: 'with a name that is taken',
    body: 'taken',
    statuses: [500, 500, 500],
  },
  {
    method: 'PUT',
    path: '/v1/database/:database/names',
    contentType: json,
    body: '["secrets-too"]',
    statuses: [401, 401, 200],
    refusal: /^\{"NotYourDatabase":\{"database":"[0-9a-f]{64}"\}\}$/u,
  },
  {
    method: 'POST',
    path: '/v1/database/:database/pre_publish',
    body: programs.test,
    statuses: [403, 403, 200],
    refusal: notAuthorized('update database'),
  },
  {
    method: 'PUT',
    path: '/v1/database/:database',
    body: programs.test,
    statuses: [403, 403, 200],
    refusal: notAuthorized('update database'),
  },
  {
    method: 'PUT',
    path: '/v1/database/:database',
    note: 'with clear=true',
    query: 'clear=true',
    body: programs.test,
    statuses: [403, 403, 200],
    refusal: notAuthorized('reset database'),
  },
  {
    method: 'PUT',
    path: '/v1/database/:database/reset',
    body: programs.test,
    statuses: [403, 403, 200],
    refusal: notAuthorized('reset database'),
  },
  {
    method: 'DELETE',
    path: '/v1/database/:database',
    statuses: [403, 403, 200],
    refusal: notAuthorized('delete database'),
  },
];

test('there is a rule for every route and method', () => {
  // The list of routes does not depend on what they work with.
  const subscribe = { path: SUBSCRIBE_PATH, auth: 'mint', methods: { GET: SUBSCRIBE_DESCRIPTION } } as unknown as Route;
  const routes = allRoutes({} as RouteContext, subscribe);
  const declared = routes.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
  const ruled = new Set(rules.map(({ method, path }) => `${method} ${path}`));
  expect([...ruled].toSorted()).toEqual(declared.toSorted());
});

/** What nobody but the owner may change. */
async function readState(): Promise<unknown> {
  const [names, description] = await Promise.all(
    ['/names', ''].map(async (path) => (await fetch(`${server.url}/v1/database/${database}${path}`)).json()),
  );
  return { names, description, rows: await sql(server.url, database, owner, 'SELECT * FROM secret') };
}

test.each(rules)('$method $path $note is answered with $statuses', async (rule) => {
  const { method, path, query = '', contentType, body = null, statuses, refusal } = rule;
  const target = path
    .replace(':database', database)
    .replace(':identity', owner.identity)
    .replace(':function', 'who_am_i');
  const before = await readState();
  for (const [i, caller] of [undefined, other, owner].entries()) {
    const headers = {
      ...(caller !== undefined && authorization(caller)),
      ...(contentType !== undefined && { 'content-type': contentType }),
    };
    const request = { method, headers, body: method === 'GET' ? null : body };
    const response = await fetch(`${server.url}${target}?${query}`, request);
    const text = await response.text();
    expect([response.status, text]).toEqual([statuses[i], expect.stringContaining('')]);
    if (caller === owner) continue;
    if (refusal !== undefined && statuses[i] !== statuses[2]) expect(text).toMatch(refusal);
    expect(text).not.toContain(HIDDEN);
    expect(await readState()).toEqual(before);
  }
});
