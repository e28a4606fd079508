import { expect, test } from 'vitest';
import { FakeClock, openTestDatabase } from '../src/testing/index.ts';
import type { WakeUp } from '../src/timers.ts';
import { VIEW_FAILS_AT, countingModule } from './support/counting-module.ts';
import { handMadeModule } from './support/hand-made-module.ts';
import { errors, openProcedures, procedureMetrics, texts } from './support/open-procedures.ts';

test('its transactions are seen by others when they commit, as those of nobody, and by itself', async () => {
  await using database = await openProcedures();
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
  await using database = await openProcedures();
  await database.alice.callProcedure(procedure, 'text').catch(() => undefined);
  expect(await texts(database.alice)).toEqual(kept);
  const { committed, rolledBack } = procedureMetrics(database.test).counts;
  expect([committed, rolledBack]).toEqual(kept.length === 0 ? [0, 1] : [1, 0]);
  await database.alice.call('write', 'afterwards');
  expect(await texts(database.alice)).toEqual(['afterwards', ...kept]);
});

test('a transaction that is left open is gone before anything else of the same frame, and the log tells', async () => {
  await using database = await openProcedures();
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
