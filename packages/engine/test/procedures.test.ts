import { readFileSync } from 'node:fs';
import type { HttpExchange } from '@lightcone/host';
import { ConnectionId } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../src/embedded/session.ts';
import { MAX_RUNNING_PER_CALLER, MAX_RUNNING_PROCEDURES } from '../src/procedures/procedures.ts';
import { type OutgoingHttp, OutgoingHttpError, type OutgoingRequest } from '../src/procedures/outgoing-http.ts';
import { FakeClock, type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import type { WakeUp } from '../src/timers.ts';
import { VIEW_FAILS_AT, countingModule } from './support/counting-module.ts';
import { handMadeModule } from './support/hand-made-module.ts';

const program = readFileSync(new URL('../../../modules/procedures/procedures.wasm', import.meta.url));
const TRAP = 'The module instance encountered a fatal error: ';

async function open(outgoingHttp?: OutgoingHttp): Promise<{ test: TestDatabase; alice: Session } & AsyncDisposable> {
  const database = await openTestDatabase(program, {
    limits: { maxMemoryPages: 256, energyPerCall: 200_000_000 },
    ...(outgoingHttp && { outgoingHttp }),
  });
  const alice = await database.connect('alice');
  return { test: database, alice, [Symbol.asyncDispose]: () => database.database.close() };
}

async function texts(session: Session): Promise<string[]> {
  return (await session.query('SELECT * FROM entry')).map((row) => row['text'] as string).toSorted();
}

function errors({ logs }: TestDatabase): string[] {
  return logs.filter(({ level }) => level === 'Error').map(({ message }) => message);
}

const procedures = ({ database }: TestDatabase) => database.database.metrics().procedures;

/** The same module, with other bytes. */
function otherBuildOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes, 0, 2, 1, 0x78]); // a custom section called "x"
}

const CLAIMS = '{"iss":"lightcone-testing","sub":"bob"}';

/** For tests that change nothing. */
let shared: Awaited<ReturnType<typeof open>>;
beforeAll(async () => void (shared = await open()));
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
  await using database = await open();
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

test('its transactions are seen by others when they commit, as those of nobody, and by itself', async () => {
  await using database = await open();
  const bob = await database.test.connect('bob');
  const seen = [await bob.subscribe('SELECT * FROM entry'), await database.alice.subscribe('SELECT * FROM entry')];
  expect(await database.alice.callProcedure('write_in_transaction', 'hello')).toBe(1n);
  const author = { __identity__: database.alice.identity.toBigInt() };
  for (const subscription of seen) expect(subscription.rows('entry')).toMatchObject([{ text: 'hello', author }]);
});

test.each([
  { procedure: 'write_and_abort', kept: [] },
  { procedure: 'write_and_panic', kept: [] },
  { procedure: 'commit_then_panic', kept: ['text'] },
  { procedure: 'leave_transaction_open', kept: [] },
  { procedure: 'sleep_in_transaction', kept: [] },
  { procedure: 'request_in_transaction', kept: [] },
])('what $procedure leaves is $kept', async ({ procedure, kept }) => {
  await using database = await open();
  await database.alice.callProcedure(procedure, 'text').catch(() => undefined);
  expect(await texts(database.alice)).toEqual(kept);
  const { committed, rolledBack } = procedures(database.test).counts;
  expect([committed, rolledBack]).toEqual(kept.length === 0 ? [0, 1] : [1, 0]);
  await database.alice.call('write', 'afterwards');
  expect(await texts(database.alice)).toEqual(['afterwards', ...kept]);
});

test('a transaction that is left open is gone before anything else of the same frame, and the log tells', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const left = alice.callProcedure('leave_transaction_open', 'left');
  const seen = texts(alice);
  const written = alice.call('write', 'left');
  expect(await left).toBe(1n);
  expect(await seen).toEqual([]);
  await written;
  expect(await texts(alice)).toEqual(['left']);
  expect(errors(db)).toEqual(['aborting dangling anonymous transaction in procedure leave_transaction_open']);
});

test('calls that are not allowed answer their errnos', async () => {
  const errnos = (await shared.alice.callProcedure('forbidden_calls')) as Record<string, { tag: string }>;
  expect(Object.values(errnos).map(({ tag }) => tag)).toEqual(['some', 'some', 'some']);
});

test('while a procedure sleeps everybody works on, and sees what it has committed', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const sleeping = alice.callProcedure('write_sleep_write', 'first', 60_000n, 'second');
  expect(await texts(alice)).toEqual(['first']);
  await alice.call('write', 'meanwhile');
  await db.clock.advance(59_999);
  expect(await texts(alice)).toEqual(['first', 'meanwhile']);
  await db.clock.advance(1);
  expect(await sleeping).toEqual({ __time_duration_micros__: 60_000_000n });
  expect(await texts(alice)).toEqual(['first', 'meanwhile', 'second']);
});

test('each of many naps ends at its time, and the stack survives them', async () => {
  await using database = await open();
  const counting = database.alice.callProcedure('count_with_naps', 50);
  await database.test.clock.advance(50);
  expect(await counting).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('a time that has passed is no reason to wait', async () => {
  const past = { __timestamp_micros_since_unix_epoch__: -1n };
  const now = { __timestamp_micros_since_unix_epoch__: shared.test.clock.nowMicros() };
  expect(await shared.alice.callProcedure('sleep_until', past)).toEqual(now);
});

test('two hundred sleeping procedures hold up nobody, and instances are used again', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const bob = await db.connect('bob');
  const sleeping = Array.from({ length: 200 }, (_, i) =>
    (i < 100 ? alice : bob).callProcedure('sleep', BigInt(1000 + i)),
  );
  await alice.call('write', 'reducers are answered');
  // The clock stands still: that nobody waited is not a matter of luck.
  expect(procedures(db)).toMatchObject({ running: 200, instances: 200 });
  expect(db.clock.wakeUpCount).toBe(200);
  for (let i = 0; i < 100; i++) await alice.call('write', `entry ${i}`);
  await db.clock.advance(1199);
  expect(await Promise.all(sleeping)).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(1000 + i) * 1000n));
  expect(procedures(db)).toMatchObject({ running: 0, instances: 8 });
  await alice.callProcedure('do_nothing');
  expect(procedures(db).instances).toBe(8);
});

test('beyond the bound a call is refused, and works again when one has ended', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const sleepers = await Promise.all(['bob', 'carol', 'dave', 'erin'].map((name) => db.connect(name)));
  const sleeping = Array.from({ length: MAX_RUNNING_PROCEDURES }, (_, i) =>
    sleepers[i % sleepers.length]!.callProcedure('sleep', i === 0 ? 1n : 2n),
  );
  await expect(alice.callProcedure('do_nothing')).rejects.toThrow(
    '512 procedures are running, which is the most at once',
  );
  await db.clock.advance(1);
  expect(await alice.callProcedure('add', 1n, 1n)).toBe(2n);
  await db.clock.advance(1);
  await Promise.all(sleeping);
});

test('one caller cannot have all procedures, over however many connections; others have theirs', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const second = await db.connect('alice');
  const bob = await db.connect('bob');
  const sleeping = Promise.allSettled(
    Array.from({ length: MAX_RUNNING_PER_CALLER }, (_, i) => (i % 2 === 0 ? alice : second).callProcedure('sleep', 1n)),
  );
  await expect(second.callProcedure('do_nothing')).rejects.toThrow(
    '256 procedures of this caller are running, which is the most at once',
  );
  expect(await bob.callProcedure('add', 1n, 1n)).toBe(2n);
  // Who has gone still has what runs.
  second.disconnect();
  await expect(alice.callProcedure('do_nothing')).rejects.toThrow('256 procedures of this caller');
  await db.clock.advance(1);
  await sleeping;
  expect(await alice.callProcedure('add', 1n, 1n)).toBe(2n);
});

test('procedures that wait with much memory are ended when all have too much; others go on', async () => {
  const eat = `(block (result i32)
    (drop (memory.grow (i32.const 16383)))
    (drop (call $procedure_sleep_until (i64.const 9000000000000000)))
    (i32.const 0))`;
  const program = handMadeModule(
    ['procedure_sleep_until'],
    [
      { name: 'eat', code: eat },
      { name: 'nap', code: eat.replace('16383', '0') },
    ],
  );
  const db = await openTestDatabase(program);
  const alice = await db.connect('alice');
  const napping = alice.callProcedure('nap');
  const waiting = [napping, alice.callProcedure('eat')];
  await expect(alice.callProcedure('eat')).rejects.toThrow('the procedure was ended: it waits with 1024 MiB of memory');
  expect(procedures(db)).toMatchObject({ running: 2, instances: 2 });
  // What has been ended has given its memory back.
  await expect(alice.callProcedure('eat')).rejects.toThrow('1024 MiB');
  waiting.push(alice.callProcedure('nap'));
  const ended = Promise.allSettled(waiting);
  expect(procedures(db).running).toBe(3);
  await db.database.close();
  expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']));
});

test('a client that goes away takes its procedure not with it', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const bob = await db.connect('bob');
  const lost = bob.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  await texts(alice);
  bob.disconnect();
  await expect(lost).rejects.toThrow('the session was disconnected');
  await db.clock.advance(1000);
  expect(await texts(alice)).toEqual(['first', 'second']);
  expect(procedures(db).running).toBe(0);
});

test('a database that is closed ends what sleeps, and its timers; the callers learn why', async () => {
  const database = await open();
  const { alice, test: db } = database;
  const sleeping = alice.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  await texts(alice);
  const closing = db.database.close();
  await expect(sleeping).rejects.toThrow(/is closed$/);
  await closing;
  expect(db.clock.wakeUpCount).toBe(0);
  expect(procedures(db)).toMatchObject({ running: 0, instances: 0 });
});

test('an update ends what sleeps, the callers learn why, and the next call runs the new module', async () => {
  await using database = await open();
  const { alice, test: db } = database;
  const sleeping = alice.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  await texts(alice);
  db.database.database.update(otherBuildOf(program), false);
  await expect(sleeping).rejects.toThrow('the module was updated while the procedure was running');
  await db.clock.advance(1000);
  expect(await texts(alice)).toEqual(['first']);
  expect(await alice.callProcedure('write_in_transaction', 'third')).toBe(2n);
});

test('a procedure that was just woken when the module is updated writes no more', async () => {
  class Interrupting extends FakeClock {
    interrupt: () => void = () => {};
    override wakeAt(timeMicros: bigint, run: () => void): WakeUp {
      return super.wakeAt(timeMicros, () => {
        run();
        this.interrupt(); // the wait is over, and the guest does not run yet
      });
    }
  }
  const clock = new Interrupting();
  await using db = await openTestDatabase(program, { clock });
  const alice = await db.connect('alice');
  const sleeping = alice.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  const failure = sleeping.catch((error: unknown) => String(error));
  await texts(alice);
  clock.interrupt = () => db.database.database.update(otherBuildOf(program), false);
  await clock.advance(1000);
  expect(await failure).toContain('the module was updated');
  expect(await texts(alice)).toEqual(['first']);
});

test('an update that is refused, or the same program, ends nothing', async () => {
  await using database = await open();
  const sleeping = database.alice.callProcedure('sleep', 1000n);
  await texts(database.alice);
  const { database: inner } = database.test.database;
  inner.update(program, false);
  expect(() => inner.update(handMadeModule([], []), false)).toThrow(
    expect.objectContaining({ code: 'ENGINE_UPDATE_REJECTED' }),
  );
  await database.test.clock.advance(1000);
  expect(await sleeping).toBe(1_000_000n);
});

class FakeNetwork implements OutgoingHttp {
  readonly requests: OutgoingRequest[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #respond: () => Promise<HttpExchange>;

  constructor(respond: () => Promise<HttpExchange>) {
    this.#respond = respond;
  }

  send(request: OutgoingRequest, signal: AbortSignal): Promise<HttpExchange> {
    this.requests.push(request);
    this.signals.push(signal);
    return this.#respond();
  }
}

const ok: HttpExchange = {
  response: { status: 200, version: 'HTTP/1.1', headers: [{ name: 'x', value: new Uint8Array([121]) }] },
  body: new TextEncoder().encode('the answer'),
};

test('without a network every request fails with a text', async () => {
  await using database = await open();
  expect(await database.alice.callProcedure('fetch', 'http://x/')).toEqual({
    tag: 'err',
    value: 'module outbound HTTP requests are disabled',
  });
});

test('a request crosses to the network and its answer back, counted', async () => {
  const network = new FakeNetwork(() => Promise.resolve(ok));
  await using database = await open(network);
  const body = new Uint8Array([1, 2, 3]);
  const headers = [{ name: 'a', value: 'b' }];
  const answer = await database.alice.callProcedure('send', 'PATCH', 'http://x/y', headers, body, 1500n);
  expect(answer).toMatchObject({ tag: 'ok', value: { status: 200, headers: [{ name: 'x', value: 'y' }] } });
  expect(network.requests).toEqual([
    {
      method: 'PATCH',
      url: 'http://x/y',
      headers: [{ name: 'a', value: new Uint8Array([98]) }],
      body,
      timeoutMs: 1500,
    },
  ]);
  await database.alice.callProcedure('fetch_and_keep', 'http://x/');
  expect(network.requests[1]?.timeoutMs).toBe(30_000);
  expect(await texts(database.alice)).toEqual(['the answer']);
  const counted = {
    started: 2,
    inProgress: 0,
    succeeded: 2,
    failed: 0,
    timedOut: 0,
    requestBytes: 3,
    responseBytes: 20,
  };
  expect(procedures(database.test).counts.http).toEqual(counted);
});

test('a request that fails is an error of the module, counted by its kind', async () => {
  const network = new FakeNetwork(() => Promise.reject(new OutgoingHttpError('timeout', 'operation timed out')));
  await using database = await open(network);
  const value = 'operation timed out';
  expect(await database.alice.callProcedure('fetch', 'http://x/')).toEqual({ tag: 'err', value });
  expect(procedures(database.test).counts.http).toMatchObject({ succeeded: 0, failed: 1, timedOut: 1, inProgress: 0 });
});

test('while a request is under way everybody works on; closing aborts it', async () => {
  const network = new FakeNetwork(() => new Promise(() => {}));
  const database = await open(network);
  const fetching = database.alice.callProcedure('fetch', 'http://x/');
  await database.alice.call('write', 'meanwhile');
  expect(procedures(database.test).counts.http.inProgress).toBe(1);
  const closing = database.test.database.close();
  await expect(fetching).rejects.toThrow(/is closed$/);
  await closing;
  expect(network.signals.map(({ aborted }) => aborted)).toEqual([true]);
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
  expect(procedures(db).instances).toBe(1);
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

test('views are brought up to date in the transaction of a procedure, and one that fails ends the procedure', async () => {
  await using db = await openTestDatabase(countingModule());
  const alice = await db.connect('alice');
  const total = await alice.subscribe('SELECT * FROM total');
  for (let n = 0; n + 1 < VIEW_FAILS_AT; n++) {
    expect(await alice.callProcedure('add')).toBe(n);
    expect(total.rows('total')).toEqual([{ n: n + 1 }]);
  }
  await expect(alice.callProcedure('add')).rejects.toThrow(
    /^The module instance encountered a fatal error: view `total` failed/,
  );
  expect(await alice.query('SELECT * FROM item')).toHaveLength(VIEW_FAILS_AT - 1);
  expect(total.rows('total')).toEqual([{ n: VIEW_FAILS_AT - 1 }]);
});

/** Wakes all that wait together, in one job, so that what they do afterwards is interleaved. */
class Alarm extends FakeClock {
  readonly #sleepers: (() => void)[] = [];
  override wakeAt(_timeMicros: bigint, run: () => void): WakeUp {
    this.#sleepers.push(run);
    return { cancel: () => {} };
  }
  ring(): void {
    for (const run of this.#sleepers.splice(0)) run();
  }
}

test('procedures that wake in the same moment and leave their transactions open never see those of each other', async () => {
  const wait = '(drop (call $procedure_sleep_until (i64.add (local.get $time) (i64.const 1000))))';
  const begin = '(if (call $procedure_start_mut_tx (i32.const 600)) (then (return (i32.const 99))))';
  const result = '(call $write (local.get $sink) (i32.const 16) (i32.const 4))';
  const bytes = handMadeModule(
    ['procedure_sleep_until', 'procedure_start_mut_tx'],
    [
      { name: 'leave', code: `(block (result i32) ${wait} ${begin} ${result} (i32.const 0))` },
      { name: 'trap', code: `(block (result i32) ${wait} ${begin} (unreachable))` },
      { name: 'sleep', code: `(block (result i32) ${begin} ${wait} (i32.const 0))` },
    ],
  );
  const clock = new Alarm();
  await using db = await openTestDatabase(bytes, { clock });
  const alice = await db.connect('alice');
  const calls = Array.from({ length: 30 }, (_, i) => alice.callProcedure(i % 2 === 0 ? 'leave' : 'trap'));
  const settled = Promise.allSettled(calls);
  await expect(alice.callProcedure('sleep')).rejects.toThrow('with a transaction open');
  clock.ring();
  const outcomes = (await settled).map(({ status }) => status);
  expect(outcomes).toEqual(outcomes.map((_, i) => (i % 2 === 0 ? 'fulfilled' : 'rejected')));
  expect(errors(db).filter((message) => message.startsWith('aborting dangling anonymous transaction'))).toHaveLength(
    31,
  );
  expect(errors(db).filter((message) => message.startsWith('the procedure trapped: unreachable'))).toHaveLength(15);
});
