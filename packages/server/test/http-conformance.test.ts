// The HTTP interface, outcome by outcome: what the recorded exchanges of `http-vectors` do not have. Every answer is
// compared with the OpenAPI document, too.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { ApiDocument } from './api-document.ts';
import { migrations, newUser, programs, publish } from './fixtures.ts';
import { backupsOutcomes } from './http-conformance/backups.ts';
import { callersOutcomes } from './http-conformance/callers.ts';
import { callsOutcomes } from './http-conformance/calls.ts';
import { corsOutcomes } from './http-conformance/cors.ts';
import { descriptionsOutcomes } from './http-conformance/descriptions.ts';
import { identitiesOutcomes } from './http-conformance/identities.ts';
import { locksOutcomes } from './http-conformance/locks.ts';
import { logsOutcomes } from './http-conformance/logs.ts';
import { moduleRoutesOutcomes } from './http-conformance/module-routes.ts';
import { namesOutcomes } from './http-conformance/names.ts';
import { operationOutcomes } from './http-conformance/operation.ts';
import { pathsOutcomes } from './http-conformance/paths.ts';
import { publishingOutcomes } from './http-conformance/publishing.ts';
import { removalOutcomes } from './http-conformance/removal.ts';
import { sqlOutcomes } from './http-conformance/sql.ts';
import { updatesOutcomes } from './http-conformance/updates.ts';
import { webSocketsOutcomes } from './http-conformance/web-sockets.ts';
import type { Outcome } from './http-conformance/outcome.ts';

/** In this order: some build on those before. */
const outcomes: readonly Outcome[] = [
  ...pathsOutcomes,
  ...corsOutcomes,
  ...callersOutcomes,
  ...publishingOutcomes,
  ...updatesOutcomes,
  ...callsOutcomes,
  ...sqlOutcomes,
  ...descriptionsOutcomes,
  ...namesOutcomes,
  ...logsOutcomes,
  ...locksOutcomes,
  ...backupsOutcomes,
  ...webSocketsOutcomes,
  ...moduleRoutesOutcomes,
  ...identitiesOutcomes,
  ...operationOutcomes,
  ...removalOutcomes,
];

let folder: string;
let server: RunningServer;
let document: ApiDocument;
const values = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-http-'));
  await writeFile(
    join(folder, 'config.toml'),
    `[modules]\nenergy-per-call = 2_000_000_000\n[backup]\nlocation = ${JSON.stringify(join(folder, 'backups'))}\n`,
  );
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  document = await ApiDocument.load(server.url);
  const owner = await newUser(server.url);
  const other = await newUser(server.url);
  for (const [name, program] of Object.entries({
    people: programs.person,
    procedures: programs.procedures,
    chat: programs.chat,
    web: programs.httpHandlers,
    trouble: programs.test,
    versions: migrations.start,
  })) {
    await publish(server.url, name, owner, program);
  }
  await publish(server.url, 'mine', other, programs.person);
  const post = async (path: string, body: Uint8Array<ArrayBuffer> | null): Promise<unknown> =>
    (
      await fetch(server.url + path, { method: 'POST', headers: { authorization: `Bearer ${owner.token}` }, body })
    ).json();
  const plan = await post('/v1/database/versions/pre_publish', migrations.breaking);
  const short = await post('/v1/identity/websocket-token', null);
  const identityOf = async (name: string): Promise<string> =>
    (await fetch(`${server.url}/v1/database/${name}/identity`)).text();
  const people = await identityOf('people');
  for (const [name, value] of Object.entries({
    owner: owner.identity,
    owner_token: owner.token,
    other: other.identity,
    other_token: other.token,
    nobody: 'c2'.repeat(32),
    people,
    people_upper: people.toUpperCase(),
    mine: await identityOf('mine'),
    migration_token: (plan as { AutoMigrate: { token: string } }).AutoMigrate.token,
    short_token: (short as { token: string }).token,
  })) {
    values.set(`{${name}}`, value);
  }
}, 60_000); // seven modules are compiled
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const fill = (text: string): string => text.replaceAll(/\{\w+\}/gu, (name) => values.get(name) ?? name);
const filled = (value: unknown): unknown => {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map(filled);
  // Matchers of vitest are instances of classes.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item)]));
};

/** Sends the path as it is: `fetch` would tidy it, and refuses some methods. */
async function send({
  method,
  path,
  as,
  headers = {},
  body,
}: Outcome): Promise<{ head: IncomingMessage; text: string }> {
  const authorization = as === undefined ? {} : { authorization: `Bearer ${fill(`{${as}_token}`)}` };
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
  const options = { port: server.port, method, path: fill(path), headers: { ...authorization, ...own }, agent: false };
  const request = httpRequest(options).end(typeof body === 'string' ? fill(body) : body);
  const [head] = (await once(request, 'response')) as [IncomingMessage];
  return { head, text: await readText(head) };
}

const isLike = (actual: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? actual === fill(wanted) : wanted.test(actual);

test.each(outcomes)('$name: $method $path gets $status', async (outcome) => {
  const { status, type, text, json, sends = {} } = outcome;
  const { head, text: body } = await send(outcome);
  expect([head.statusCode, body]).toEqual([status, expect.anything()]);
  if (type !== undefined) expect(head.headers['content-type']).toBe(type ?? undefined);
  if (text !== undefined) expect(body).toSatisfy((actual: string) => isLike(actual, text));
  if (json !== undefined) expect(JSON.parse(body)).toEqual(filled(json));
  for (const [name, wanted] of Object.entries(sends)) {
    const actual = head.headers[name]?.toString();
    if (wanted === null) expect([name, actual]).toEqual([name, undefined]);
    else expect([name, actual]).toSatisfy(([, value]: [string, string | undefined]) => isLike(value ?? '', wanted));
  }
  expect(document.problems(outcome.method, fill(outcome.path), head, body)).toEqual([]);
});

test('every operation that the document has is among the outcomes or the recorded exchanges', async () => {
  const { exchanges } = await import('./recorded-exchanges.ts');
  const seen = [...outcomes, ...exchanges.map(({ request }) => request)].map(
    ({ method, path }) => `${method} ${document.findPath(path.replaceAll(/[{}]/gu, '')) ?? path}`,
  );
  // Those of modules have tests of their own: `module-http`, and MCP `mcp`.
  const expected = [...document.operations().keys()].filter((operation) => !/\/(?:route|mcp)/u.test(operation));
  expect(expected.filter((operation) => !seen.includes(operation))).toEqual([]);
});
