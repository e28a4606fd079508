import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatUser } from '../src/chat-user.ts';
import { newPerson, type Person, publish, rows, sql } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';

let server: ServerProcess;
let owner: Person;
let stranger: Person;
let bystander: ChatUser;

beforeAll(async () => {
  server = await ServerProcess.start();
  owner = await newPerson(server);
  stranger = await newPerson(server);
  await publish(server, 'chat', 'quickstart-chat', owner.token);
  await publish(server, 'crate', 'test-module', owner.token);
  bystander = new ChatUser(server, 'chat');
  await bystander.say('to be kept');
});

afterAll(async () => {
  bystander?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test.each([
  { query: '', error: 'Empty SQL query' },
  { query: ' ; ', error: 'Empty SQL query' },
  { query: 'SELEC * FROM message', error: 'sql parser error' },
  { query: "SELECT * FROM message WHERE text = 'open", error: 'sql parser error' },
  { query: 'SELECT * FROM nothing', error: 'no such table: `nothing`. If the table exists, it may be marked private.' },
  { query: 'SELECT nope FROM message', error: '`nope` is not in scope' },
  { query: 'SELECT * FROM message WHERE nope = 1', error: '`nope` is not in scope' },
  { query: 'SELECT * FROM message WHERE online = true', error: '`online` is not in scope' },
  { query: "SELECT * FROM user WHERE online = 'perhaps'", error: 'cannot be parsed as type `Bool`' },
  { query: 'SELECT * FROM message; SELECT * FROM user', error: 'Multiple SQL statements are not supported' },
  { query: 'SELECT * FROM message, user', error: 'Implicit joins are not supported' },
  { query: 'CREATE TABLE x (y INT)', error: 'Unsupported' },
  { query: 'DROP TABLE message', error: 'Unsupported' },
  { query: "INSERT INTO message (text) VALUES ('x')", error: 'does not match the number of columns' },
  { query: 'UPDATE message SET nope = 1', error: 'does not have a field `nope`' },
  { query: `SELECT * FROM message WHERE ${'('.repeat(100_000)}`, error: '' },
  {
    query: `SELECT * FROM message WHERE text = '${'x'.repeat(1_000_000)}'`,
    error: 'SQL query exceeds maximum allowed length',
  },
])('$query is refused with 400', async ({ query, error }) => {
  const response = await sql(server, 'chat', query, owner.token);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(error);
});

test('bytes that are not UTF-8 are refused', async () => {
  const response = await fetch(`${server.url}/v1/database/chat/sql`, {
    method: 'POST',
    body: Buffer.from([0xff, 0xfe]),
  });
  expect(response.status).toBe(400);
});

test('somebody else neither changes rows nor reads private tables', async () => {
  for (const query of ["UPDATE message SET text = 'mine'", 'DELETE FROM message']) {
    const response = await sql(server, 'chat', query, stranger.token);
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(`Caller ${stranger.identity} is not authorized to run SQL DML statements`);
  }
  await rows(server, 'crate', "INSERT INTO secret (id, text) VALUES (1, 'hush')", owner.token);
  const response = await sql(server, 'crate', 'SELECT * FROM secret', stranger.token);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('no such table: `secret`');
  expect(await rows(server, 'crate', 'SELECT * FROM secret', owner.token)).toEqual([[1, 'hush']]);
});

test('a violated constraint refuses the statement, names the index, and changes nothing', async () => {
  await rows(server, 'crate', "INSERT INTO label (id, text) VALUES (1, 'one')", owner.token);
  const response = await sql(server, 'crate', "INSERT INTO label (id, text) VALUES (1, 'two')", owner.token);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('label_id_idx_btree');
  expect(await rows(server, 'crate', 'SELECT text FROM label')).toEqual([['one']]);
});

test.each([
  { query: 'SELECT * FROM nothing', error: 'no such table: `nothing`' },
  { query: 'SELECT text FROM message', error: 'Column projections are not supported in subscriptions' },
  { query: 'DELETE FROM message', error: 'Unsupported' },
  { query: 'SELECT * FROM message WHERE', error: 'sql parser error' },
  { query: '  ', error: 'Empty string' },
])('a subscription to $query ends in an error of its own', async ({ query, error }) => {
  const connection = await bystander.connected();
  const message = await new Promise<string>((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => reject(new Error('the subscription was accepted')))
      .onError((context) => resolve(context.event?.message ?? ''))
      .subscribe(query);
  });
  expect(message).toContain(error);
  await bystander.say(`after ${error}`);
});

test('nothing was lost, and the bystander kept its connection', async () => {
  await bystander.sees('to be kept');
  expect(bystander.connectionCount).toBe(1);
});
