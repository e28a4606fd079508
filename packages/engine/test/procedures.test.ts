import { ConnectionId } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { handMadeModule } from './support/hand-made-module.ts';
import { type OpenProcedures, errors, openProcedures, procedureMetrics } from './support/open-procedures.ts';

const TRAP = 'The module instance encountered a fatal error: ';
const CLAIMS = '{"iss":"lightcone-testing","sub":"bob"}';

/** For tests that change nothing. */
let shared: OpenProcedures;
beforeAll(async () => void (shared = await openProcedures()));
afterAll(() => shared.test.database.close());

test.each([
  { procedure: 'do_nothing', args: [], result: {} },
  { procedure: 'add', args: [2n ** 63n - 1n, -1n], result: 2n ** 63n - 2n },
  { procedure: 'greet', args: ['Ann', true], result: 'Good day, Ann' },
  { procedure: 'divide', args: [7, 2], result: { tag: 'ok', value: 3 } },
  { procedure: 'divide', args: [7, 0], result: { tag: 'err', value: '7 cannot be divided by 0' } },
  { procedure: 'first_char', args: [''], result: { tag: 'none', value: {} } },
  { procedure: 'ping', args: [], result: 'pong' },
])('$procedure($args) returns $result', async ({ procedure, args, result }) => {
  expect(await shared.alice.callProcedure(procedure, ...args)).toEqual(result);
});

test('a large result arrives whole', async () => {
  const bytes = (await shared.alice.callProcedure('many_bytes', 1_000_000)) as Uint8Array;
  expect(bytes).toHaveLength(1_000_000);
  expect(bytes[999_999]).toBe(999_999 % 256);
});

test('a procedure knows its caller, also in its transactions', async () => {
  const { alice } = shared;
  const connection = { tag: 'some', value: { __connection_id__: alice.connectionId.toBigInt() } };
  expect(await alice.callProcedure('who_am_i')).toMatchObject({
    identity: { __identity__: alice.identity.toBigInt() },
    identity_in_transaction: { __identity__: alice.identity.toBigInt() },
    database: { __identity__: testIdentity('database').toBigInt() },
    connection,
    connection_in_transaction: connection,
    is_internal: false,
    subject: { tag: 'some', value: 'alice' },
  });
});

test.each([
  { procedure: 'nothing', args: [], message: 'No such procedure' },
  { procedure: 'write', args: ['a reducer'], message: 'No such procedure' },
  { procedure: 'panic_with', args: ['secret'], message: `${TRAP}unreachable` },
  { procedure: 'loop_forever', args: [], message: 'Procedure terminated due to insufficient budget' },
])('$procedure: the caller learns "$message", and the next call works', async ({ procedure, args, message }) => {
  const { alice, test: db } = shared;
  const before = errors(db).length;
  await expect(alice.callProcedure(procedure, ...args)).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED', message });
  expect(errors(db)).toHaveLength(before + 1);
  expect(await alice.callProcedure('add', 1n, 2n)).toBe(3n);
});

test('a procedure is no reducer', async () => {
  await expect(shared.alice.call('do_nothing')).rejects.toThrow('no such reducer');
});

test.each(['', '[', '[1]', '[1,"x"]', '{"a":1}', '[1,2,3]', '"x"'])(
  '%s are no arguments, and nothing runs',
  async (json) => {
    const caller = { identity: testIdentity('bob'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: CLAIMS };
    const result = await shared.test.database.database.call(caller, 'add', json);
    const message = expect.stringMatching(/^invalid arguments for procedure add: /);
    expect(result).toEqual({ kind: 'badArguments', message });
  },
);

test('a caller without a connection gets JSON, and is connected for the length of the call', async () => {
  await using database = await openProcedures();
  const { database: inner } = database.test.database;
  const caller = { identity: testIdentity('bob'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: CLAIMS };
  const connected = async (): Promise<number> => (await database.test.database.sql('SELECT * FROM st_client')).length;
  const before = await connected();
  const answer = inner.call(caller, 'write_sleep_write', '["first", 1000, "second"]');
  expect(await connected()).toBe(before + 1);
  await database.test.clock.advance(1000);
  expect(await answer).toMatchObject({ kind: 'returned', json: '[1000000]', txOffset: expect.any(Number) });
  expect(await connected()).toBe(before);
  expect(
    await inner.call(caller, 'echo_shape', '[{"circle": {"center": {"x": 1, "y": 2.5}, "radius": 3}}]'),
  ).toMatchObject({
    kind: 'returned',
    json: '[1,[[1.0,2.5],3.0]]',
    txOffset: undefined,
  });
  expect(await inner.call(caller, 'panic_with', '["secret"]')).toEqual({
    kind: 'procedureFailed',
    failure: { kind: 'failed', message: `${TRAP}unreachable` },
  });
  expect(await inner.call(caller, 'nothing', '[]')).toMatchObject({ kind: 'noSuchFunction' });
  expect(await connected()).toBe(before);
});

test('calls that are not allowed answer their errnos', async () => {
  const errnos = (await shared.alice.callProcedure('forbidden_calls')) as Record<string, { tag: string }>;
  expect(Object.values(errnos).map(({ tag }) => tag)).toEqual(['some', 'some', 'some']);
});

test('a procedure that returns something else than its type fails, and lives on', async () => {
  const code = (length: number): string =>
    `(block (result i32) (call $write (local.get $sink) (i32.const 16) (i32.const ${length})) (i32.const 0))`;
  const bytes = handMadeModule(
    [],
    [
      { name: 'too_short', code: code(3) },
      { name: 'right', code: code(4) },
      { name: 'too_long', code: code(6) },
      { name: 'odd_code', code: '(i32.const 7)' },
    ],
  );
  await using db = await openTestDatabase(bytes);
  const alice = await db.connect('alice');
  await expect(alice.callProcedure('too_short')).rejects.toThrow(
    'procedure too_short returned something else than its return type',
  );
  expect(await alice.callProcedure('right')).toBe(0x69666564);
  expect(await alice.callProcedure('too_long')).toBe(0x69666564);
  await expect(alice.callProcedure('odd_code')).rejects.toThrow('__call_procedure__ returned unexpected code 7');
  expect(procedureMetrics(db).instances).toBe(1);
});

test('a private procedure exists for the owner alone', async () => {
  const code = '(block (result i32) (call $write (local.get $sink) (i32.const 16) (i32.const 4)) (i32.const 0))';
  await using db = await openTestDatabase(handMadeModule([], [{ name: 'hidden', isPrivate: true, code }]));
  const [owner, alice] = [await db.connect('owner'), await db.connect('alice')];
  expect(await owner.callProcedure('hidden')).toBe(0x69666564);
  await expect(alice.callProcedure('hidden')).rejects.toThrow('No such procedure');
});

test('a procedure that a module calls by itself runs, outside of everything, also after a wait', async () => {
  // `first` waits and then asks for `second`, which asks for something that is not there.
  const ask = (at: number, length: number): string =>
    `(call $volatile_nonatomic_schedule_immediate (i32.const ${at}) (i32.const ${length}) (i32.const 16) (i32.const 0))`;
  const log =
    '(call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 32) (i32.const 5))';
  const wait = '(drop (call $procedure_sleep_until (i64.add (local.get $time) (i64.const 1000))))';
  const bytes = handMadeModule(
    ['volatile_nonatomic_schedule_immediate', 'console_log', 'procedure_sleep_until'],
    [
      { name: 'first', code: `(block (result i32) ${wait} ${ask(512 + 5, 6)} (i32.const 1))` },
      { name: 'second', code: `(block (result i32) ${log} ${ask(512, 3)} (i32.const 1))` },
    ],
  );
  await using db = await openTestDatabase(bytes);
  const alice = await db.connect('alice');
  const failure = alice.callProcedure('first').catch((error: unknown) => String(error));
  await db.clock.advance(1);
  expect(await failure).toContain('unexpected code 1');
  await db.clock.advance(0);
  expect(db.logs.find(({ message }) => message === 'oh no')?.functionName).toBe('second');
  expect(errors(db)).toContain('scheduled call: no such reducer');
});
