import { expect, test } from 'vitest';
import { PLATFORM } from './runtime.ts';
import { SyncSchedule } from './sync-schedule.ts';

const TIMES = { intervalMs: 10_000, afterWriteMs: 1000, maxBackoffMs: 50_000 };

interface World {
  timer: { readonly ms: number; readonly expired: () => void } | undefined;
  readonly syncs: { readonly signal: AbortSignal; readonly end: PromiseWithResolvers<void> }[];
  isListening: boolean;
}

/** A schedule, a clock that stands still, and syncs that end when the test says so. */
function setUp(times = TIMES) {
  const world: World = { timer: undefined, syncs: [], isListening: true };
  const startTimer = (ms: number, expired: () => void): (() => void) => {
    const timer = (world.timer = { ms, expired });
    return () => {
      if (world.timer === timer) world.timer = undefined;
    };
  };
  const schedule = new SyncSchedule({ ...PLATFORM, startTimer }, (signal) => {
    const end = Promise.withResolvers<void>();
    world.syncs.push({ signal, end });
    return end.promise;
  });
  schedule.start(times, () => (world.isListening = false));
  const waitMs = (): number | undefined => world.timer?.ms;
  /** Lets the timer expire, and the sync that it begins end. @returns the wait for the next one */
  const pass = async (failure?: Error): Promise<number | undefined> => {
    const { timer } = world;
    world.timer = undefined;
    timer!.expired(); // the test says that there is one
    const { end } = world.syncs.at(-1)!; // the timer began it
    if (failure === undefined) end.resolve();
    else end.reject(failure);
    await new Promise((resolve) => setImmediate(resolve));
    return waitMs();
  };
  return { world, schedule, pass };
}

test('it syncs at once when it is started, then at intervals', async () => {
  const { world, pass } = setUp();
  expect(world.timer?.ms).toBe(0);
  expect(await pass()).toBe(10_000);
  expect(await pass()).toBe(10_000);
  expect(world.syncs).toHaveLength(2);
});

test('a write brings the next sync forward, and one during a sync is not forgotten', async () => {
  const { world, schedule, pass } = setUp();
  await pass();
  schedule.wrote();
  expect(world.timer).toMatchObject({ ms: 1000 });
  const passing = pass();
  schedule.wrote();
  expect(world.timer).toBeUndefined(); // never two at once
  expect(await passing).toBe(1000);
  expect(await pass()).toBe(10_000);
});

test('each failure doubles the wait, writes do not shorten it, and a success ends it', async () => {
  const { world, schedule, pass } = setUp();
  const waits = [];
  for (let i = 0; i < 5; i++) waits.push(await pass(new Error('not now')));
  expect(waits).toEqual([10_000, 20_000, 40_000, 50_000, 50_000]);
  schedule.wrote();
  expect(world.timer?.ms).toBe(50_000);
  expect(await pass()).toBe(10_000);
});

test('stopping aborts the sync that runs, waits for its end, and listens no more', async () => {
  const { world, schedule } = setUp();
  world.timer!.expired();
  world.timer = undefined;
  let isStopped = false;
  const stopped = schedule.stop().then(() => (isStopped = true));
  expect(world.syncs[0]!.signal.aborted).toBe(true);
  expect(world.isListening).toBe(false);
  expect(schedule.isStarted).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  world.syncs[0]!.end.reject(world.syncs[0]!.signal.reason as Error);
  await stopped;
  schedule.wrote();
  expect(world.timer).toBeUndefined();
});

test('it can be started again, and a second start changes nothing', async () => {
  const { world, schedule, pass } = setUp();
  let isListening = true;
  schedule.start({ intervalMs: 1 }, () => (isListening = false));
  expect(isListening).toBe(false);
  expect(await pass()).toBe(10_000);
  await schedule.stop();
  expect(world.timer).toBeUndefined();
  schedule.start({ ...TIMES, intervalMs: 7 }, () => {});
  expect(await pass()).toBe(7);
});
