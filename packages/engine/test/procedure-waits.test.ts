import { expect, test } from 'vitest';
import { MAX_RUNNING_PER_CALLER, MAX_RUNNING_PROCEDURES } from '../src/procedures/procedures.ts';
import { openTestDatabase } from '../src/testing/index.ts';
import { handMadeModule } from './support/hand-made-module.ts';
import { openProcedures, procedureMetrics, texts } from './support/open-procedures.ts';

test('while a procedure sleeps everybody works on, and sees what it has committed', async () => {
  await using database = await openProcedures();
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
  await using database = await openProcedures();
  const counting = database.alice.callProcedure('count_with_naps', 50);
  await database.test.clock.advance(50);
  expect(await counting).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('a time that has passed is no reason to wait', async () => {
  await using database = await openProcedures();
  const past = { __timestamp_micros_since_unix_epoch__: -1n };
  const now = { __timestamp_micros_since_unix_epoch__: database.test.clock.nowMicros() };
  expect(await database.alice.callProcedure('sleep_until', past)).toEqual(now);
});

test('two hundred sleeping procedures hold up nobody, and instances are used again', async () => {
  await using database = await openProcedures();
  const { alice, test: db } = database;
  const bob = await db.connect('bob');
  const sleeping = Array.from({ length: 200 }, (_, i) =>
    (i < 100 ? alice : bob).callProcedure('sleep', BigInt(1000 + i)),
  );
  await alice.call('write', 'reducers are answered');
  // The clock stands still: that nobody waited is not a matter of luck.
  expect(procedureMetrics(db)).toMatchObject({ running: 200, instances: 200 });
  expect(db.clock.wakeUpCount).toBe(200);
  for (let i = 0; i < 100; i++) await alice.call('write', `entry ${i}`);
  await db.clock.advance(1199);
  expect(await Promise.all(sleeping)).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(1000 + i) * 1000n));
  expect(procedureMetrics(db)).toMatchObject({ running: 0, instances: 8 });
  await alice.callProcedure('do_nothing');
  expect(procedureMetrics(db).instances).toBe(8);
});

test('beyond the bound a call is refused, and works again when one has ended', async () => {
  await using database = await openProcedures();
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
  await using database = await openProcedures();
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
  expect(procedureMetrics(db)).toMatchObject({ running: 2, instances: 2 });
  // What has been ended has given its memory back.
  await expect(alice.callProcedure('eat')).rejects.toThrow('1024 MiB');
  waiting.push(alice.callProcedure('nap'));
  const ended = Promise.allSettled(waiting);
  expect(procedureMetrics(db).running).toBe(3);
  await db.database.close();
  expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']));
});
