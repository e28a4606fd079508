import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatUser } from '../src/chat-user.ts';
import { call, newPerson, type Person, publish, request, rows } from '../src/http.ts';
import { RawConnection } from '../src/raw-connection.ts';
import { SMALL_LIMITS, ServerProcess } from '../src/server-process.ts';
import { es256, nowSeconds, privateKey } from '../src/tokens.ts';

let server: ServerProcess;
let owner: Person;
let bystander: ChatUser;

beforeAll(async () => {
  server = await ServerProcess.start({ config: SMALL_LIMITS });
  owner = await newPerson(server);
  await publish(server, 'trouble', 'test-module', owner.token);
  await publish(server, 'chat', 'quickstart-chat', owner.token);
  bystander = new ChatUser(server, 'chat');
  await bystander.connected();
});

afterAll(async () => {
  bystander?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

const fatal = 'The instance encountered a fatal error.';

test.each([
  { reducer: 'fail', args: ['not today'], status: 530, text: 'not today' },
  { reducer: 'panic_with', args: ['oh no'], status: 530, text: fatal },
  { reducer: 'divide', args: [1, 0], status: 530, text: fatal },
  { reducer: 'recurse', args: [100_000_000], status: 530, text: fatal },
  { reducer: 'allocate_forever', args: [], status: 530, text: fatal },
  { reducer: 'loop_forever', args: [], status: 402, text: 'Module energy budget exhausted.' },
  { reducer: 'call_host_forever', args: [], status: 402, text: 'Module energy budget exhausted.' },
  { reducer: 'insert_forever', args: [], status: 402, text: 'Module energy budget exhausted.' },
])(
  '$reducer is answered with $status, leaves no trace, and the database serves on',
  { timeout: 180_000 },
  async ({ reducer, args, status, text }) => {
    const response = await call(server, 'trouble', reducer, args, owner.token);
    expect(await response.text()).toBe(text);
    expect(response.status).toBe(status);

    expect(await rows(server, 'trouble', 'SELECT * FROM label')).toEqual([]);
    expect((await call(server, 'trouble', 'recurse', [1000])).status).toBe(200);
    expect(await rows(server, 'trouble', "SELECT text FROM answer WHERE question = 'recurse'")).toEqual([['1000']]);
  },
);

test('while one database loops, another answers at once', { timeout: 180_000 }, async () => {
  let hasEnded = false;
  const looping = call(server, 'trouble', 'loop_forever', [], owner.token).finally(() => (hasEnded = true));
  await bystander.say('are you there?');
  expect(hasEnded).toBe(false);
  expect((await looping).status).toBe(402);
});

test('a unique violation is an error of the reducer or a panic, as the module treats it', async () => {
  expect((await call(server, 'trouble', 'add_label', ['one'])).status).toBe(200);
  const panic = await call(server, 'trouble', 'add_label', ['one']);
  expect({ status: panic.status, text: await panic.text() }).toEqual({ status: 530, text: fatal });
  const error = await call(server, 'trouble', 'try_add_label', ['one']);
  expect(error.status).toBe(530);
  expect(await error.text()).not.toBe(fatal);
  expect(
    (await call(server, 'trouble', 'add_labels_skipping_duplicates', [['one', 'two', 'two', 'three']])).status,
  ).toBe(200);
  const texts = (await rows(server, 'trouble', 'SELECT text FROM label')).map(([text]) => String(text));
  expect(texts.toSorted()).toEqual(['one', 'three', 'two']);
});

test('a panic is in the log with its text, which the caller does not get', async () => {
  await call(server, 'trouble', 'panic_with', ['a secret reason']);
  const response = await request(server, 'GET', '/v1/database/trouble/logs?num_lines=20', { token: owner.token });
  const records = (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { level: string; function?: string; message: string });
  const panic = records.find(({ level, message }) => level === 'Panic' && message.includes('a secret reason'));
  expect(panic).toMatchObject({ function: 'panic_with' });
});

test('arguments of the wrong number, type or range are refused with 400 and never reach the module', async () => {
  for (const args of [[], [1], ['a', 'b'], [null], [{}]]) {
    const response = await call(server, 'trouble', 'add_label', args);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^invalid arguments for reducer add_label/);
  }
  for (const depth of [-1, 4_294_967_296, 1.5, '7']) {
    expect((await call(server, 'trouble', 'recurse', [depth])).status).toBe(400);
  }
  expect((await call(server, 'trouble', 'nope', [])).status).toBe(404);
});

test('somebody whom client_connected turns away gets its reason, and no call is made', async () => {
  const claims = { sub: 'not welcome', iss: 'localhost', aud: [], iat: nowSeconds() };
  const token = es256({ typ: 'JWT', alg: 'ES256' }, claims, privateKey(server));
  const response = await call(server, 'trouble', 'add_label', ['from the unwelcome'], token);
  expect(response.status).toBe(403);
  expect(await response.text()).toBe('you are not welcome here');
  expect(await rows(server, 'trouble', "SELECT * FROM label WHERE text = 'from the unwelcome'")).toEqual([]);
});

test('[flaw 19] over WebSocket it is told the reason by a close with code 1008', async () => {
  const claims = { sub: 'not welcome', iss: 'localhost', aud: [], iat: nowSeconds() };
  const token = es256({ typ: 'JWT', alg: 'ES256' }, claims, privateKey(server));
  using connection = await RawConnection.open(server, 'trouble', 'v2.bsatn.spacetimedb', token);
  expect(await connection.closed).toEqual({ code: 1008, reason: 'you are not welcome here' });
});

test('after all that no call is left connected, and the bystander never noticed', async () => {
  // The request that asks is itself a connection.
  expect(await rows(server, 'trouble', 'SELECT * FROM presence')).toHaveLength(1);
  expect(bystander.connectionCount).toBe(1);
});
