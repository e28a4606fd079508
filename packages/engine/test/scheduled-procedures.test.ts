import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ActiveCaller } from '../src/client.ts';
import { MAX_RUNNING_PROCEDURES } from '../src/procedures/procedures.ts';
import { testIdentity } from '../src/testing/index.ts';
import { type At, FakeProcedures, type JobRow, ScheduleBench } from './support/schedule-bench.ts';

/** Procedures that go on until the test ends them, to bring about what real ones do rarely. */
let procedures: FakeProcedures;
let bench: ScheduleBench;
beforeEach(async () => {
  procedures = new FakeProcedures();
  bench = await ScheduleBench.create(true, procedures);
});
afterEach(async () => {
  await bench.close();
  await settled();
  expect(bench.clock.wakeUpCount).toBe(0);
});

const SECOND = 1_000_000;
const job = (id: number, at: At): JobRow => ({ note: '', at, deed: 0, id });
const time = (seconds: number): At => ({ tag: 'Time', micros: seconds * SECOND });
const interval = (seconds: number): At => ({ tag: 'Interval', micros: seconds * SECOND });
const put = (...rows: JobRow[]): void => bench.transact((jobs) => rows.forEach((row) => jobs.put(row)));
const begun = (): number[] => procedures.calls.map((call) => bench.rowOf(call).id);
const errors = (): string[] => bench.logs.filter(({ level }) => level === 'Error').map(({ message }) => message);

/** Begins as many calls as there may be, as those of clients do. They go on until what is returned is called. */
function takeAllRoom(): () => void {
  const { core } = bench;
  const procedure = core.module.proceduresByName.get('run_job')!; // the bench's function
  const caller = new ActiveCaller({
    identity: testIdentity('database'),
    connectionId: ConnectionId.ZERO,
    jwtPayload: '{}',
  });
  const args = new Uint8Array(0);
  while (core.procedures.hasRoom) {
    core.procedures.detach(core.procedures.call({ procedure, args, caller, timestampMicros: 0n }));
  }
  const calls = procedures.calls.splice(0);
  expect(calls).toHaveLength(MAX_RUNNING_PROCEDURES);
  return () => calls.forEach((call) => call.end());
}

async function end(position: number): Promise<void> {
  procedures.calls[position]!.end();
  await settled();
}

/** Lets go on what waits for nothing but promises, and fires what is due then. */
async function settled(): Promise<void> {
  await new Promise(setImmediate);
  await bench.clock.advance(0);
}

test('a one-shot row is deleted, on the disk, before its procedure begins', async () => {
  put(job(1, time(1)));
  const { log } = bench.core.options;
  let durableOffset: number | undefined;
  procedures.began = () => {
    durableOffset = log?.durableOffset;
    expect(bench.rows()).toEqual([]);
  };
  await bench.clock.advance(1000);
  expect(begun()).toEqual([1]);
  expect(durableOffset).toBe(bench.core.transactions.lastTxOffset);
  await end(0);
});

test('a row that is inserted again while its procedure runs has its run afterwards', async () => {
  put(job(1, time(1)));
  await bench.clock.advance(1000);
  put(job(1, time(1)));
  await bench.clock.advance(5000);
  expect(begun()).toEqual([1]);
  await end(0);
  expect(begun()).toEqual([1, 1]);
  await end(1);
  expect(bench.rows()).toEqual([]);
  expect(bench.core.scheduler.waitingCount).toBe(0);
});

test.each<{ what: string; change: At | 'touch' | 'delete'; endAt: number; next: number | undefined }>([
  { what: 'left as it is', change: 'touch', endAt: 3.5, next: 4 },
  { what: 'given another interval', change: interval(5), endAt: 3.5, next: 7 },
  { what: 'given another interval that is over when it ends', change: interval(1.5), endAt: 4, next: 4 },
  { what: 'given a time', change: time(9), endAt: 3.5, next: 9 },
  { what: 'deleted', change: 'delete', endAt: 3.5, next: undefined },
])('an interval of 1 s whose row is $what at 2 s, while its procedure runs', async ({ change, endAt, next }) => {
  put(job(1, interval(1)));
  await bench.clock.advance(2000);
  bench.transact((jobs) => {
    if (change === 'delete') jobs.delete(1);
    else jobs.put(change === 'touch' ? { ...job(1, interval(1)), note: 'touched' } : job(1, change));
  });
  await bench.clock.advance(endAt * 1000 - 2000);
  expect(begun()).toEqual([1]);
  await end(0);
  await bench.clock.advance(10_000 - endAt * 1000);
  expect(
    procedures.calls.slice(1).map(({ timestampMicros }) => timestampMicros - procedures.calls[0]!.timestampMicros),
  ).toEqual(next === undefined ? [] : [BigInt((next - 1) * SECOND)]);
  procedures.calls.forEach((call) => call.end());
});

test('64 run at once; the others wait for their turn, and are not run if they are deleted or moved meanwhile', async () => {
  put(...Array.from({ length: 70 }, (_, i) => job(i + 1, time(1))));
  await bench.clock.advance(1000);
  expect(begun()).toHaveLength(64);
  bench.transact((jobs) => {
    jobs.delete(65);
    jobs.put(job(66, time(20)));
  });
  await end(0);
  expect(begun().slice(64)).toEqual([67]);
  for (let i = 1; i < 67; i++) await end(i);
  expect(begun().slice(64)).toEqual([67, 68, 69, 70]);
  await bench.clock.advance(19_000);
  expect(begun().slice(64)).toEqual([67, 68, 69, 70, 66]);
  procedures.calls.forEach((call) => call.end());
});

test('where clients take all the room, a procedure begins when there is some', async () => {
  const giveBack = takeAllRoom();
  put(job(1, time(1)), job(2, interval(2)));
  await bench.clock.advance(5000);
  expect(begun()).toEqual([]);
  giveBack();
  await bench.clock.advance(100);
  expect(new Set(begun())).toEqual(new Set([1, 2]));
  expect(procedures.calls.map(({ timestampMicros }) => timestampMicros)).toEqual([
    bench.clock.nowMicros(),
    bench.clock.nowMicros(),
  ]);
  procedures.calls.forEach((call) => call.end());
});

test('a stop while one waits for room leaves no timer, and says what did not run', async () => {
  const giveBack = takeAllRoom();
  put(job(1, time(1)));
  await bench.clock.advance(1000);
  bench.core.scheduler.stop();
  await settled();
  expect(bench.clock.wakeUpCount).toBe(0);
  expect(begun()).toEqual([]);
  giveBack();
  expect(errors()).toEqual(['scheduled call: the database was stopped or updated before it began']);
});

test('an update that comes in between does not lose a one-shot row: the new module runs it', async () => {
  const giveBack = takeAllRoom();
  put(job(1, time(1)));
  await bench.clock.advance(1000);
  bench.publish();
  giveBack();
  await bench.clock.advance(100);
  expect(begun()).toEqual([1]);
  await end(0);
});

test('an update while an interval runs lets it begin anew, after the run that goes on', async () => {
  put(job(1, interval(1)));
  await bench.clock.advance(1000);
  bench.publish();
  await bench.clock.advance(3500);
  expect(begun()).toEqual([1]);
  await end(0);
  expect(begun()).toEqual([1, 1]);
  procedures.calls.forEach((call) => call.end());
});

test('when the deletion of its row cannot be written, a procedure does not run', async () => {
  put(job(1, time(1)));
  await bench.core.options.log?.sync();
  bench.failDisk();
  await bench.clock.advance(1000);
  await expect(bench.core.options.log?.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  expect(begun()).toEqual([]);
});
