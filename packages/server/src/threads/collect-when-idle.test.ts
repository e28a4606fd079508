import type * as PerfHooks from 'node:perf_hooks';
import type * as V8 from 'node:v8';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectWhenIdle } from './collect-when-idle.ts';

const other = vi.hoisted(() => ({ takesFlagBack: false }));

vi.mock('node:perf_hooks', async (original) => {
  const { performance } = await original<typeof PerfHooks>();
  const idle = { idle: 1, active: 0, utilization: 0 };
  return { performance: { now: () => performance.now(), eventLoopUtilization: () => idle } };
});
vi.mock('node:v8', async (original) => {
  const { setFlagsFromString } = await original<typeof V8>();
  return {
    setFlagsFromString: (flags: string): void => {
      setFlagsFromString(flags);
      if (other.takesFlagBack) setFlagsFromString('--no-expose-gc');
    },
  };
});

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => vi.useRealTimers());

test('a thread collects its garbage once, when it is idle', async () => {
  const garbage = await someGarbage();
  collectWhenIdle();
  vi.advanceTimersByTime(1999);
  expect(garbage.deref()).toBeDefined();
  await nextTurn();
  vi.advanceTimersByTime(1);
  expect(garbage.deref()).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test('a thread whose flag another one takes back at that moment goes on, and collects later', async () => {
  const garbage = await someGarbage();
  other.takesFlagBack = true;
  collectWhenIdle();
  vi.advanceTimersByTime(2000);
  expect(garbage.deref()).toBeDefined();
  other.takesFlagBack = false;
  await nextTurn();
  vi.advanceTimersByTime(2000);
  expect(garbage.deref()).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

/** Of an object that nothing holds any more. */
async function someGarbage(): Promise<WeakRef<object>> {
  const reference = new WeakRef({});
  await nextTurn();
  return reference;
}

/** What was looked at in a turn is held to its end. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
