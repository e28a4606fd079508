import { expect, test } from 'vitest';
import { FakeClock, openTestDatabase } from '../src/testing/index.ts';
import type { WakeUp } from '../src/timers.ts';
import { handMadeModule } from './support/hand-made-module.ts';
import { openProcedures, procedureMetrics, program, texts } from './support/open-procedures.ts';

/** The same module, with other bytes. */
function otherBuildOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes, 0, 2, 1, 0x78]); // a custom section called "x"
}

test('a client that goes away takes its procedure not with it', async () => {
  await using database = await openProcedures();
  const { alice, test: db } = database;
  const bob = await db.connect('bob');
  const lost = bob.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  await texts(alice);
  bob.disconnect();
  await expect(lost).rejects.toThrow('the session was disconnected');
  await db.clock.advance(1000);
  expect(await texts(alice)).toEqual(['first', 'second']);
  expect(procedureMetrics(db).running).toBe(0);
});

test('a database that is closed ends what sleeps, and its timers; the callers learn why', async () => {
  const database = await openProcedures();
  const { alice, test: db } = database;
  const sleeping = alice.callProcedure('write_sleep_write', 'first', 1000n, 'second');
  await texts(alice);
  const closing = db.database.close();
  await expect(sleeping).rejects.toThrow(/is closed$/);
  await closing;
  expect(db.clock.wakeUpCount).toBe(0);
  expect(procedureMetrics(db)).toMatchObject({ running: 0, instances: 0 });
});

test('an update ends what sleeps, the callers learn why, and the next call runs the new module', async () => {
  await using database = await openProcedures();
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
  await using database = await openProcedures();
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
