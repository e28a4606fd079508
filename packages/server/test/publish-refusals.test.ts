import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
let component: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
  const embedded = await componentEmbed({
    binary: await parse('(module (func (export "noop") (param i32)))'),
    witSource: 'package lightcone:test; world module { export noop: func(n: u32); }',
    metadata: [['processed-by', [['test-tool', '1.2.3']]]],
  });
  component = new Uint8Array(await componentNew(embedded));
});
afterAll(() => server.close());

function send(method: string, path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${server.url}/v1/database${path}`, { method, headers: authorization(owner), body });
}

test.each([
  { what: 'a publish without a name', method: 'POST', path: '' },
  { what: 'a publish under a new name', method: 'PUT', path: '/component' },
  { what: 'a publish over a database', method: 'PUT', path: '/chat' },
  { what: 'a publish that clears', method: 'PUT', path: '/chat?clear=true' },
  { what: 'a plan', method: 'POST', path: '/chat/pre_publish' },
])('$what refuses a component, and says what it is', async ({ method, path }) => {
  const answer = await send(method, path, component);
  expect(answer.status).toBe(400);
  const text = await answer.text();
  expect(text).toMatch(
    /^this is a WebAssembly component, which this version of Lightcone does not run; publish the core/,
  );
  expect(text).toMatch(/Its world is:\n[^]*export noop: func\(n: u32\);[^]*Made by: .*test-tool 1\.2\.3/);
});

test('nothing is left of a refused component, and the database that was to be cleared has its rows', async () => {
  expect((await fetch(`${server.url}/v1/database/component`)).status).toBe(404);
  expect(await sql(server.url, 'chat', owner, 'SELECT * FROM user')).toBeDefined();
});

test('a damaged component is refused as one; several at once each get an answer', async () => {
  const damaged = component.slice(0, component.length - 10);
  const answers = await Promise.all([damaged, component, damaged].map((body) => send('PUT', '/chat', body)));
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  for (const text of texts) expect(text).toMatch(/^this is a WebAssembly component/);
  expect(texts.filter((text) => text.includes('\n\n'))).not.toHaveLength(0);
});

test.each([
  { what: 'an empty body', body: '', reason: /not a WebAssembly module: it is empty/ },
  { what: 'a text', body: 'hello', reason: /not a WebAssembly module: it is a text/ },
  { what: 'a gzip', body: '\u001f\u008b\u0008', reason: /compressed with gzip; unpack it first/ },
])('$what is refused with what it is', async ({ body, reason }) => {
  const answer = await send('PUT', '/nonsense', Uint8Array.from(Buffer.from(body, 'latin1')));
  expect(answer.status).toBe(500);
  expect(await answer.text()).toMatch(reason);
});

test('a name without a database is not to be had by its identity', async () => {
  expect((await send('PUT', '/reserved', Uint8Array.of(1))).status).toBe(500);
  const identity = await (await fetch(`${server.url}/v1/database/reserved/identity`)).text();
  const stranger = await newUser(server.url);
  const request = { method: 'PUT', headers: authorization(stranger), body: programs.test };
  const refused = await fetch(`${server.url}/v1/database/${identity}`, request);
  expect([refused.status, await refused.json()]).toEqual([401, { PermissionDenied: { name: 'reserved' } }]);
  expect((await send('PUT', `/${identity}`, programs.test)).status).toBe(200);
});

test('of two who make a database under one identity at the same time, one owns it and the other is refused', async () => {
  const identity = `c200${'5'.repeat(60)}`;
  const users = [await newUser(server.url), await newUser(server.url)];
  const answers = await Promise.all(
    users.map((user) => {
      const request = { method: 'PUT', headers: authorization(user), body: programs.test };
      return fetch(`${server.url}/v1/database/${identity}`, request);
    }),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 500]));
  const winner = users[answers.findIndex(({ status }) => status === 200)]!;
  const described = (await (await fetch(`${server.url}/v1/database/${identity}`)).json()) as {
    owner_identity: unknown;
  };
  expect(described.owner_identity).toEqual({ __identity__: `0x${winner.identity}` });
});
