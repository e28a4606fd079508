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
