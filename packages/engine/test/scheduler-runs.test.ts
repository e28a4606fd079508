import { ERRNO } from '@lightcone/host';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testIdentity } from '../src/testing/index.ts';
import { type At, type JobRow, ScheduleBench } from './support/schedule-bench.ts';

const SECOND = 1_000_000;

let bench: ScheduleBench;
beforeEach(async () => {
  bench = await ScheduleBench.create();
});
afterEach(async () => {
  await bench.close();
  expect(bench.clock.wakeUpCount).toBe(0);
});

const job = (id: number, at: At, deed = 0): JobRow => ({ note: '', at, deed, id });
const time = (seconds: number): At => ({ tag: 'Time', micros: seconds * SECOND });
const interval = (seconds: number): At => ({ tag: 'Interval', micros: seconds * SECOND });
const ranAt = (): string[] => bench.runs.map(({ id, atMicros }) => `${id}@${atMicros / SECOND}`);
const put = (...rows: JobRow[]): void => bench.transact((jobs) => rows.forEach((row) => jobs.put(row)));
const errors = (): string[] => bench.logs.filter(({ level }) => level === 'Error').map(({ message }) => message);

test('a reducer is called with its row, as the database, without a connection, at its time', async () => {
  const row = { note: 'n', at: time(3), deed: 7, id: 5 };
  put(row);
  await bench.clock.advance(10_000);
  expect(bench.runs).toEqual([{ id: 5, atMicros: 3 * SECOND, timestampMicros: 3 * SECOND, row }]);
  expect(bench.caller?.identity).toEqual(testIdentity('database'));
  expect(bench.caller?.connectionId).toEqual(ConnectionId.ZERO);
});

test('its row is still there while a reducer runs, and a row that was due once is gone afterwards', async () => {
  const seen: (JobRow | undefined)[] = [];
  bench.deed = ({ id }, jobs) => seen.push(jobs.find(id));
  put(job(1, time(1)), job(2, interval(1)));
  await bench.clock.advance(1000);
  expect(seen).toEqual([job(1, time(1)), job(2, interval(1))]);
  expect(bench.rows()).toEqual([job(2, interval(1))]);
});

test('the run and the deletion are two transactions, and of the run alone the log knows who called', async () => {
  bench.deed = (_row, jobs) => jobs.put(job(9, time(100)));
  put(job(1, time(1)));
  const before = bench.core.transactions.lastTxOffset;
  await bench.clock.advance(1000);
  expect(bench.core.transactions.lastTxOffset).toBe(before + 2);
});

test.each<{ what: string; outcome: unknown }>([
  { what: 'returns an error', outcome: new Error('no reason') },
  { what: 'traps', outcome: { kind: 'trapped', message: 'unreachable', cause: undefined } },
  { what: 'runs out of energy', outcome: { kind: 'outOfEnergy' } },
])('a reducer that $what changes nothing, loses its one-shot row and keeps its interval', async ({ outcome }) => {
  bench.deed = (_row, jobs) => {
    jobs.put(job(8, time(1)));
    throw outcome;
  };
  put(job(1, time(1)), job(2, interval(2)));
  await bench.clock.advance(6500);
  expect(ranAt()).toEqual(['1@1', '2@2', '2@4', '2@6']);
  expect(bench.rows()).toEqual([job(2, interval(2))]);
  expect(errors()).toHaveLength(4);
});

test('a function that the module does not have is an error in the log: one-shot rows go, intervals stay', async () => {
  bench.publish('another');
  put(job(1, time(1)), job(2, interval(2)));
  await bench.clock.advance(4000);
  expect(ranAt()).toEqual([]);
  expect(errors()).toEqual(Array.from({ length: 3 }, () => 'scheduled call: no such reducer'));
  expect(bench.rows()).toEqual([job(2, interval(2))]);
});

test('what our own side throws is not taken for a failure of the module', async () => {
  const ours = new TypeError('a bug');
  bench.deed = () => {
    throw { kind: 'trapped', message: 'x', cause: ours } satisfies object;
  };
  put(job(1, time(1)));
  await expect(bench.clock.advance(1000)).rejects.toBe(ours);
});

// ---- rows that change while they are due ----

test.each<{
  what: string;
  change: (jobs: { put(row: JobRow): void; delete(id: number): void }) => void;
  runs: string[];
}>([
  { what: 'deletes it', change: (jobs) => jobs.delete(2), runs: ['1@1'] },
  { what: 'moves it ahead', change: (jobs) => jobs.put(job(2, time(3))), runs: ['1@1', '2@3'] },
  { what: 'makes it an interval', change: (jobs) => jobs.put(job(2, interval(2))), runs: ['1@1', '2@3', '2@5'] },
  { what: 'moves it back', change: (jobs) => jobs.put(job(2, time(0))), runs: ['1@1', '2@1'] },
])('a row that is due already while the one before it $what', async ({ change, runs }) => {
  bench.deed = ({ id }, jobs) => {
    if (id === 1) change(jobs);
  };
  put(job(1, time(1)), job(2, time(1)));
  await bench.clock.advance(5500);
  expect(ranAt()).toEqual(runs);
});

test.each<{ what: string; fails: boolean; at: At; runs: string[] }>([
  { what: 'a one-shot row a later time', fails: false, at: time(3), runs: ['1@1', '1@3'] },
  { what: 'a one-shot row an interval', fails: false, at: interval(2), runs: ['1@1', '1@3', '1@5'] },
  { what: 'a one-shot row the same time', fails: false, at: time(1), runs: ['1@1'] },
  { what: 'and fails: a one-shot row a later time', fails: true, at: time(3), runs: ['1@1'] },
])('a reducer that gives $what', async ({ fails, at, runs }) => {
  bench.deed = (row, jobs) => {
    if (bench.runs.length > 1) return;
    jobs.put({ ...row, note: 'moved', at });
    if (fails) throw new Error('not meant');
  };
  put(job(1, time(1)));
  await bench.clock.advance(5500);
  expect(ranAt()).toEqual(runs);
});

test('an interval whose reducer writes its own row keeps its rhythm, also when the runs are late', async () => {
  bench.deed = (row, jobs) => jobs.put({ ...row, note: `${row.note}.` });
  put(job(1, interval(1)));
  await bench.clock.advance(1000);
  bench.clock.jump(2300);
  await bench.clock.advance(1700);
  expect(ranAt()).toEqual(['1@1', '1@3.3', '1@4', '1@5']);
  expect(bench.rows()).toMatchObject([{ note: '....' }]);
});

// ---- transactions ----

test('a transaction that is rolled back arms nothing, moves nothing and cancels nothing', async () => {
  put(job(1, time(2)), job(2, time(3)));
  bench.transact((jobs) => {
    jobs.put(job(1, time(9)));
    jobs.delete(2);
    jobs.put(job(3, time(1)));
    throw new Error('rolled back');
  });
  await bench.clock.advance(10_000);
  expect(ranAt()).toEqual(['1@2', '2@3']);
});

test('a crash before anything of a run is on the disk runs it again', async () => {
  put(job(1, time(1)));
  await bench.core.options.log?.sync();
  await bench.clock.advance(0); // nothing is deferred: what follows happens before it returns
  void bench.clock.advance(1000);
  expect(ranAt()).toEqual(['1@1']);
  await bench.crash(500);
  await bench.clock.advance(0);
  expect(ranAt()).toEqual(['1@1', '1@1.5']);
  expect(bench.rows()).toEqual([]);
});

test('after a restart what is overdue runs at once in its order, and intervals count from the start', async () => {
  put(job(1, time(5)), job(2, time(4)), job(3, interval(10)), job(4, time(60)));
  await bench.restart(20_000);
  await bench.clock.advance(40_000);
  expect(ranAt()).toEqual(['2@20', '1@20', '3@30', '3@40', '3@50', '3@60', '4@60']);
});

// ---- limits ----

const HORIZON_MS = 2 ** 36 - 1;
test.each<{ at: At; errno: number }>([
  { at: { tag: 'Time', micros: HORIZON_MS * 1000 }, errno: ERRNO.scheduleAtDelayTooLong },
  { at: { tag: 'Time', micros: HORIZON_MS * 1000 - 1 }, errno: 0 },
  { at: { tag: 'Interval', micros: HORIZON_MS * 1000 }, errno: ERRNO.scheduleAtDelayTooLong },
  { at: { tag: 'Interval', micros: -HORIZON_MS * 1000 }, errno: ERRNO.scheduleAtDelayTooLong },
  { at: { tag: 'Interval', micros: -(2 ** 63) }, errno: ERRNO.scheduleAtDelayTooLong },
  { at: { tag: 'Interval', micros: 1 - HORIZON_MS * 1000 }, errno: 0 },
  { at: { tag: 'Time', micros: -(2 ** 53) }, errno: 0 },
])('a module that writes $at.tag $at.micros gets errno $errno, and the row is in its transaction', ({ at, errno }) => {
  bench.transact((jobs) => {
    expect(jobs.putAsModule(bench.core, job(1, at))).toBe(-errno);
    expect(jobs.find(1)).toEqual(job(1, at));
    jobs.put(job(2, time(1)));
    expect(jobs.putAsModule(bench.core, job(2, at))).toBe(-errno);
    expect(jobs.find(2)).toEqual(job(2, at));
    throw new Error('rolled back');
  });
});

test('an interval of zero runs again and again, one run for each turn of the event loop', async () => {
  put(job(1, { tag: 'Interval', micros: 0 }));
  const moving = bench.clock.advance(0.1);
  let clientTurns = 0;
  for (let before = bench.runs.length; bench.runs.length < 100; before = bench.runs.length) {
    await new Promise(setImmediate);
    clientTurns++;
    expect(bench.runs.length - before).toBeLessThanOrEqual(1);
  }
  await moving;
  expect(clientTurns).toBeGreaterThanOrEqual(99); // the first run came with the call
});

test('a burst of 10,000 due rows lets clients in between, a few runs at a time', async () => {
  put(...Array.from({ length: 10_000 }, (_, i) => job(i + 1, time(1))));
  const moving = bench.clock.advance(1000);
  const runsBetweenClients: number[] = [];
  for (let before = 0; bench.runs.length < 10_000; before = bench.runs.length) {
    await new Promise(setImmediate);
    bench.transact((jobs) => jobs.put(job(20_000, time(50))));
    runsBetweenClients.push(bench.runs.length - before);
  }
  await moving;
  expect(runsBetweenClients[0]).toBeLessThanOrEqual(128); // the first turn came with the call
  expect(Math.max(...runsBetweenClients.slice(1))).toBeLessThanOrEqual(64);
  expect(bench.runs.map(({ id }) => id)).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  expect(bench.rows()).toEqual([job(20_000, time(50))]);
});

test('100,000 pending rows keep their times through changes and a publish, with one timer', async () => {
  await bench.close();
  bench = await ScheduleBench.create(false);
  const COUNT = 100_000;
  const dueOf = (id: number): At => ({ tag: 'Time', micros: SECOND + ((id * 48_271) % 99_991) * 50 });
  const ids = Array.from({ length: COUNT }, (_, i) => i + 1);
  put(...ids.map((id) => job(id, time(90))));
  put(...ids.map((id) => job(id, dueOf(id))));
  expect(bench.core.scheduler.waitingCount).toBe(COUNT);
  expect(bench.clock.wakeUpCount).toBe(1);
  bench.publish();
  expect(bench.core.scheduler.waitingCount).toBe(COUNT);
  bench.transact((jobs) => ids.filter((id) => id % 10 !== 0).forEach((id) => jobs.delete(id)));
  expect(bench.core.scheduler.waitingCount).toBe(COUNT / 10);
  await bench.clock.advance(7000);
  const expected = ids
    .filter((id) => id % 10 === 0)
    .toSorted((a, b) => dueOf(a).micros - dueOf(b).micros || a - b)
    .map((id) => `${id}@${dueOf(id).micros / SECOND}`);
  expect(ranAt().join()).toBe(expected.join());
}, 60_000);
