// The Model Context Protocol: what models may ask, and what they are told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
});
afterAll(() => server.close());

async function post(path: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const request = { method: 'POST', headers: authorization(owner), body: text };
  const response = await fetch(server.url + path, request);
  const answer = await response.text();
  return { status: response.status, json: answer === '' ? undefined : JSON.parse(answer) };
}

const SCOPED = '/v1/database/people/mcp';
const HOST = '/v1/mcp';

async function ask(path: string, method: string, params?: unknown): Promise<Record<string, unknown>> {
  const { status, json } = await post(path, { jsonrpc: '2.0', id: 7, method, params });
  expect(status).toBe(200);
  return json as Record<string, unknown>;
}

async function use(path: string, name: string, args?: unknown): Promise<{ text: string; isError: boolean }> {
  const { result } = (await ask(path, 'tools/call', { name, arguments: args })) as {
    result: { content: { type: string; text: string }[]; isError: boolean };
  };
  expect(result.content).toMatchObject([{ type: 'text' }]);
  return { text: result.content[0]?.text ?? '', isError: result.isError };
}

test.each([HOST, SCOPED])('%s says who it is', async (path) => {
  expect(await ask(path, 'initialize', { protocolVersion: '2024-11-05' })).toMatchObject({
    jsonrpc: '2.0',
    id: 7,
    result: {
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'lightcone', version: expect.any(String) as string },
    },
  });
  expect(await ask(path, 'ping')).toEqual({ jsonrpc: '2.0', id: 7, result: {} });
});

test('the tools of a server are told which database they are for, those of a database are not', async () => {
  const toolsOf = async (path: string): Promise<Record<string, string[]>> => {
    const { result } = (await ask(path, 'tools/list')) as {
      result: { tools: { name: string; inputSchema: { required: string[] } }[] };
    };
    return Object.fromEntries(result.tools.map(({ name, inputSchema }) => [name, inputSchema.required]));
  };
  expect(await toolsOf(SCOPED)).toEqual({ ping: [], get_schema: [], sql: ['sql'], call: ['reducer'] });
  expect(await toolsOf(HOST)).toEqual({
    ping: [],
    list_databases: [],
    get_schema: ['database'],
    sql: ['database', 'sql'],
    call: ['database', 'reducer'],
  });
});

test.each([
  {
    what: 'a notification',
    body: { jsonrpc: '2.0', method: 'notifications/initialized' },
    status: 202,
    json: undefined,
  },
  { what: 'no JSON', body: '{', status: 200, json: { id: null, error: { code: -32_700 } } },
  { what: 'a list', body: [], status: 200, json: { id: null, error: { code: -32_600 } } },
  { what: 'an id of another type', body: { id: {} }, status: 200, json: { id: null, error: { code: -32_600 } } },
  { what: 'no method', body: { id: 'a' }, status: 200, json: { id: 'a', error: { code: -32_600 } } },
  {
    what: 'an unknown method',
    body: { id: 1, method: 'toString' },
    status: 200,
    json: { id: 1, error: { code: -32_601, message: 'unknown method `toString`' } },
  },
  { what: 'a number', body: '5', status: 200, json: { id: null, error: { code: -32_600 } } },
  {
    what: 'parameters as a number',
    body: { id: 1, method: 'ping', params: 5 },
    status: 200,
    json: { id: 1, error: { code: -32_602 } },
  },
  {
    what: 'arguments as a number',
    body: { id: 1, method: 'tools/call', params: { name: 'sql', arguments: 5 } },
    status: 200,
    json: { error: { code: -32_602, message: 'expected an object as `arguments`' } },
  },
  {
    what: 'parameters as a list',
    body: { id: 1, method: 'ping', params: [] },
    status: 200,
    json: { error: { code: -32_602 } },
  },
  {
    what: 'a tool without a name',
    body: { id: 1, method: 'tools/call' },
    status: 200,
    json: { error: { code: -32_602 } },
  },
  {
    what: 'an unknown tool',
    body: { id: 1, method: 'tools/call', params: { name: 'list_databases' } },
    status: 200,
    json: { error: { code: -32_602 } },
  },
  {
    what: 'a tool without its arguments',
    body: { id: 1, method: 'tools/call', params: { name: 'sql' } },
    status: 200,
    json: { error: { code: -32_602, message: 'missing argument `sql`' } },
  },
  {
    what: 'an argument of another type',
    body: { id: 1, method: 'tools/call', params: { name: 'call', arguments: { reducer: 'add', args: {} } } },
    status: 200,
    json: { error: { code: -32_602 } },
  },
])('$what is answered as JSON-RPC wants', async ({ body, status, json }) => {
  const answer = await post(SCOPED, body);
  expect(answer.status).toBe(status);
  if (json === undefined) expect(answer.json).toBeUndefined();
  else expect(answer.json).toMatchObject(json);
});

describe.each([
  { path: SCOPED, scope: {} },
  { path: HOST, scope: { database: 'people' } },
])('with $path', ({ path, scope }) => {
  test('a model looks, calls and asks', async () => {
    expect(await use(path, 'ping')).toEqual({ text: 'pong', isError: false });
    expect(await use(path, 'ping', { message: 'hi' })).toEqual({ text: 'hi', isError: false });
    const schema = await use(path, 'get_schema', scope);
    expect(JSON.parse(schema.text)).toHaveProperty('typespace');
    const name = `Ann of ${path}`;
    expect(await use(path, 'call', { ...scope, reducer: 'add', args: [name, 30] })).toEqual({
      text: '',
      isError: false,
    });
    const sql = `SELECT name, age FROM person WHERE name = '${name}'`;
    const rows = await use(path, 'sql', { ...scope, sql, confirmed: null });
    expect(JSON.parse(rows.text)).toMatchObject([{ rows: [[name, 30]] }]);
  });

  test('what goes wrong is a result with the words of the HTTP interface', async () => {
    expect(await use(path, 'sql', { ...scope, sql: 'SELECT * FROM nothing' })).toMatchObject({
      text: expect.stringMatching(/^no such table: `nothing`/u) as string,
      isError: true,
    });
    expect(await use(path, 'call', { ...scope, reducer: 'nothing' })).toEqual({
      text: 'No such procedure',
      isError: true,
    });
    expect(await use(path, 'call', { ...scope, reducer: 'add', args: [1] })).toMatchObject({
      text: expect.stringMatching(/^invalid arguments for reducer add/u) as string,
      isError: true,
    });
  });
});

test('numbers of more than 53 bits reach a function as they were written, and so does the id its answer', async () => {
  await publish(server.url, 'sums', await newUser(server.url), programs.procedures);
  const params = '{"name":"call","arguments":{"reducer":"add","args":[9223372036854775800,7]}}';
  const request = `{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":${params}}`;
  const headers = authorization(owner);
  const response = await fetch(`${server.url}/v1/database/sums/mcp`, { method: 'POST', headers, body: request });
  const answer = await response.text();
  expect(JSON.parse(answer)).toMatchObject({ result: { content: [{ text: '9223372036854775807' }], isError: false } });
  expect(answer).toContain('"id":9007199254740993');
});

test('a database that is not there is told as such', async () => {
  expect(await use(HOST, 'sql', { database: 'nobody', sql: 'SELECT 1' })).toEqual({
    text: '`nobody` not found',
    isError: true,
  });
  expect(await use('/v1/database/nobody/mcp', 'get_schema')).toEqual({ text: '`nobody` not found', isError: true });
});

test('a server lists the databases of who asks', async () => {
  const { text } = await use(HOST, 'list_databases');
  expect(JSON.parse(text)).toEqual([{ identity: expect.stringMatching(/^c200/u) as string, names: ['people'] }]);
});
