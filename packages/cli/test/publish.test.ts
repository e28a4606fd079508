import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { FakeServer } from './fake-server.ts';
import type { FakeAnswer } from './fake-server.ts';
import { DATABASE, ISSUED, TestUser } from './run.ts';

const CREATED = JSON.stringify({ Success: { domain: 'chat', database_identity: DATABASE, op: 'created' } });
const UPDATED = JSON.stringify({ Success: { domain: 'chat', database_identity: DATABASE, op: 'updated' } });
const AUTO = { migrate_plan: 'nothing to do', break_clients: false, token: '0x1', major_version_upgrade: false };

let user: TestUser;
let module: string;

beforeEach(() => {
  user = new TestUser();
  module = join(user.home, 'chat.wasm');
  writeFileSync(module, 'the program');
});

function serverWith(answers: Readonly<Record<string, FakeAnswer>>): Promise<FakeServer> {
  return FakeServer.start({ 'POST /v1/identity': JSON.stringify(ISSUED), ...answers });
}

test('a new database is created with the program as it is', async () => {
  await using server = await serverWith({ 'PUT /v1/database/chat': CREATED });
  const run = await user.run(['publish', 'chat', '--bin-path', module, '-s', server.url]);
  expect(run).toMatchObject({
    exitCode: 0,
    printed: `Created new database with name: chat, identity: ${DATABASE}\n`,
    noted: expect.stringMatching(
      /Checking for breaking changes\.\.\.\nUploading to .* => .*\nPublishing module\.\.\.\n/,
    ),
  });
  expect(server.seen.slice(1)).toEqual([
    'POST /v1/database/chat/pre_publish?host_type=Wasm&style=NoColor&data_conflicts=true',
    'PUT /v1/database/chat?host_type=Wasm',
  ]);
  expect(server.requests.at(-1)).toMatchObject({ body: 'the program', token: ISSUED.token });
});

test('without a name the server gives an identity; --json tells it to scripts', async () => {
  const body = JSON.stringify({ Success: { domain: null, database_identity: DATABASE, op: 'created' } });
  await using server = await serverWith({ 'POST /v1/database': body });
  const named = await user.run(['publish', '-b', module, '-s', server.url]);
  expect(named.printed).toBe(`Created new database with identity: ${DATABASE}\n`);
  const json = await user.run(['publish', '-b', module, '-s', server.url, '--json']);
  expect(JSON.parse(json.printed)).toEqual({ name: null, identity: DATABASE, operation: 'created' });
});

test('an update that clients survive needs no word', async () => {
  await using server = await serverWith({
    'POST /v1/database/chat/pre_publish': JSON.stringify({ AutoMigrate: AUTO }),
    'PUT /v1/database/chat': UPDATED,
  });
  const run = await user.run(['publish', 'chat', '-b', module, '-s', server.url]);
  expect(run).toMatchObject({ exitCode: 0, noted: expect.stringContaining('nothing to do') });
  expect(server.seen.at(-1)).toBe('PUT /v1/database/chat?host_type=Wasm');
});

test.each([
  { args: [], answers: ['y'], exitCode: 0 },
  { args: ['--break-clients'], answers: [], exitCode: 0 },
  { args: ['--yes'], answers: [], exitCode: 0 },
  { args: ['--yes=break-clients'], answers: [], exitCode: 0 },
  { args: ['--yes=remote'], answers: [], exitCode: 1 },
  { args: [], answers: ['no'], exitCode: 1 },
  { args: [], answers: [], exitCode: 1 },
])('an update that breaks clients with $args and $answers ends with $exitCode', async ({ args, answers, exitCode }) => {
  await using server = await serverWith({
    'POST /v1/database/chat/pre_publish': JSON.stringify({
      AutoMigrate: { ...AUTO, break_clients: true, token: '0xab' },
    }),
    'PUT /v1/database/chat': UPDATED,
  });
  const run = await user.run(['publish', ...args, 'chat', '-b', module, '-s', server.url], answers);
  expect(run.exitCode).toBe(exitCode);
  const puts = server.seen.filter((line) => line.startsWith('PUT'));
  expect(puts).toEqual(exitCode === 0 ? ['PUT /v1/database/chat?host_type=Wasm&policy=BreakClients&token=0xab'] : []);
});

test.each([
  { args: [], exitCode: 1, put: [] },
  {
    args: ['--delete-data=on-conflict', '--yes'],
    exitCode: 0,
    put: ['PUT /v1/database/chat?host_type=Wasm&clear=true'],
  },
  { args: ['--delete-data=never', '--yes'], exitCode: 1, put: [] },
])('data that cannot be kept, with $args', async ({ args, exitCode, put }) => {
  await using server = await serverWith({
    'POST /v1/database/chat/pre_publish': JSON.stringify({
      ManualMigrate: { reason: 'column a changes', major_version_upgrade: false },
    }),
    'PUT /v1/database/chat': UPDATED,
  });
  const run = await user.run(['publish', ...args, 'chat', '-b', module, '-s', server.url]);
  expect(run).toMatchObject({ exitCode, noted: expect.stringContaining('column a changes') });
  expect(server.seen.filter((line) => line.startsWith('PUT'))).toEqual(put);
});

test.each([
  { args: [], exitCode: 0, put: ['PUT /v1/database/chat?host_type=Wasm'] }, // the rows may have changed by then
  {
    args: ['--delete-data=on-conflict', '--yes'],
    exitCode: 0,
    put: ['PUT /v1/database/chat?host_type=Wasm&clear=true'],
  },
  { args: ['--delete-data=on-conflict'], exitCode: 1, put: [] },
])('rows that are in the way of a plan, with $args', async ({ args, exitCode, put }) => {
  await using server = await serverWith({
    'POST /v1/database/chat/pre_publish': JSON.stringify({
      AutoMigrate: { ...AUTO, migrate_plan: '! table has rows', data_conflicts: ['table has rows'] },
    }),
    'PUT /v1/database/chat': UPDATED,
  });
  const run = await user.run(['publish', ...args, 'chat', '-b', module, '-s', server.url]);
  expect(run).toMatchObject({ exitCode, noted: expect.stringContaining('! table has rows') });
  expect(server.seen.filter((line) => line.startsWith('PUT'))).toEqual(put);
});

test.each([
  { args: [], answers: ['upgrade'], exitCode: 0 },
  { args: [], answers: ['y'], exitCode: 1 },
  { args: ['--yes=migrate'], answers: [], exitCode: 0 },
  { args: ['--yes=break-clients'], answers: [], exitCode: 1 },
])(
  'another major version of the bindings, with $args and $answers, ends with $exitCode',
  async ({ args, answers, exitCode }) => {
    await using server = await serverWith({
      'POST /v1/database/chat/pre_publish': JSON.stringify({ AutoMigrate: { ...AUTO, major_version_upgrade: true } }),
      'PUT /v1/database/chat': UPDATED,
    });
    const run = await user.run(['publish', ...args, 'chat', '-b', module, '-s', server.url], answers);
    expect(run).toMatchObject({ exitCode, noted: expect.stringContaining('another major version') });
  },
);

test.each([
  { plan: undefined, args: [], exitCode: 0, told: { isNew: true, isPossible: true } },
  { plan: { AutoMigrate: AUTO }, args: [], exitCode: 0, told: { isNew: false, isPossible: true, plan: 'nothing to do', breaksClients: false, dataConflicts: [] } }, // prettier-ignore
  { plan: { AutoMigrate: { ...AUTO, break_clients: true } }, args: [], exitCode: 1, told: { breaksClients: true } },
  { plan: { AutoMigrate: { ...AUTO, break_clients: true } }, args: ['--break-clients'], exitCode: 0, told: { breaksClients: true } }, // prettier-ignore
  { plan: { AutoMigrate: { ...AUTO, data_conflicts: ['rows'] } }, args: [], exitCode: 1, told: { isPossible: false, dataConflicts: ['rows'] } }, // prettier-ignore
  { plan: { ManualMigrate: { reason: 'column a' } }, args: [], exitCode: 1, told: { isPossible: false, reason: 'column a' } }, // prettier-ignore
  { plan: { ManualMigrate: { reason: 'column a' } }, args: ['--delete-data=on-conflict'], exitCode: 0, told: { isPossible: false } }, // prettier-ignore
])('--dry-run $args of $plan ends with $exitCode and does nothing', async ({ plan, args, exitCode, told }) => {
  const answers = plan === undefined ? {} : { 'POST /v1/database/chat/pre_publish': JSON.stringify(plan) };
  await using server = await serverWith(answers);
  const run = await user.run(['publish', '--dry-run', '--json', ...args, 'chat', '-b', module, '-s', server.url]);
  expect(run.exitCode).toBe(exitCode);
  expect(JSON.parse(run.printed)).toMatchObject(told);
  const text = await user.run(['publish', '--dry-run', ...args, 'chat', '-b', module, '-s', server.url]);
  expect([text.exitCode, text.printed]).toEqual([
    exitCode,
    expect.stringMatching(/chat is a new|nothing to do|column a/),
  ]);
  expect(server.seen.filter((line) => line.startsWith('PUT'))).toEqual([]);
});

test('--dry-run knows what spacetime.json agrees to, as the publish does', async () => {
  const plan = { AutoMigrate: { ...AUTO, break_clients: true } };
  await using server = await serverWith({ 'POST /v1/database/chat/pre_publish': JSON.stringify(plan) });
  const args = ['publish', '--dry-run', 'chat', '-b', module, '-s', server.url];
  expect((await user.run(args)).exitCode).toBe(1);
  writeFileSync(join(user.home, 'spacetime.json'), '{"break-clients": true}');
  expect((await user.run(args)).exitCode).toBe(0);
});

test.each([['-c'], ['--delete-data'], ['--delete-data=always'], ['--clear-database']])(
  '%s clears after a question, and asks for no plan',
  async (flag) => {
    await using server = await serverWith({ 'PUT /v1/database/chat': UPDATED });
    expect(await user.run(['publish', flag, 'chat', '-b', module, '-s', server.url], ['n'])).toMatchObject({
      exitCode: 1,
    });
    const run = await user.run(['publish', flag, 'chat', '-b', module, '-s', server.url], ['yes']);
    expect(run.printed).toBe(`Updated database with name: chat, identity: ${DATABASE}\n`);
    expect(server.seen.slice(-1)).toEqual(['PUT /v1/database/chat?host_type=Wasm&clear=true']);
  },
);

test.each([
  { status: 500, body: 'the module has no reducers', message: 'Error: the module has no reducers' },
  { status: 403, body: 'x is not authorized to perform action', message: 'not authorized' },
  { status: 401, body: '{"PermissionDenied":{"name":"chat"}}', message: 'The name `chat` belongs to somebody else' },
  { status: 502, body: '', message: 'answered 502' },
])('the server refuses with $status: $message', async ({ status, body, message }) => {
  await using server = await serverWith({ 'PUT /v1/database/chat': { status, body } });
  const run = await user.run(['publish', 'chat', '-b', module, '-s', server.url]);
  expect(run).toMatchObject({ exitCode: 1, printed: '', noted: expect.stringContaining(message) });
});

test('a module that is not there, or a bad name, is found out before any request', async () => {
  await using server = await serverWith({});
  const absent = await user.run(['publish', 'chat', '-b', join(user.home, 'absent.wasm'), '-s', server.url]);
  expect(absent).toMatchObject({ exitCode: 1, noted: expect.stringContaining('absent.wasm') });
  for (const name of ['Chat', 'a--b', '-a', 'a b', 'ä', '']) {
    expect(await user.run(['publish', '-b', module, '-s', server.url, '--', name])).toMatchObject({
      exitCode: 1,
      noted: expect.stringContaining('cannot be the name of a database'),
    });
  }
  expect(server.seen).toEqual([]);
});

test('publishing to another machine asks first', async () => {
  const run = await user.run(['publish', 'chat', '-b', module, '-s', 'https://db.invalid', '--anonymous'], ['n']);
  expect(run).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('https://db.invalid, which is not on this machine'),
  });
});
