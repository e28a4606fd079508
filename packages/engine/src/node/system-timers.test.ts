import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SystemClock } from './system-clock.ts';
import { SystemTimers } from './system-timers.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = new Date('2026-01-01T00:00:00Z');

let clock: SystemClock;
let timers: SystemTimers;
beforeEach(() => {
  vi.useFakeTimers({
    now: START,
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'performance', 'hrtime'],
  });
  clock = new SystemClock();
  timers = new SystemTimers(clock);
});
afterEach(() => {
  vi.useRealTimers();
});

function wakeIn(milliseconds: number) {
  const woken = vi.fn<() => void>();
  const wakeUp = timers.wakeAt(clock.nowMicros() + BigInt(Math.round(milliseconds * 1000)), woken);
  return { woken, wakeUp };
}

test.each([1, 1.5, 30, 60_000, 2 ** 31 + 5, 40 * DAY_MS])(
  'a wake-up in %d ms is neither early nor late',
  (milliseconds) => {
    const { woken } = wakeIn(milliseconds);
    vi.advanceTimersByTime(Math.ceil(milliseconds) - 1);
    expect(woken).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(woken).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  },
);

test.each([0, -1, -DAY_MS, 0.05])('what is due by now (%d ms from now) runs in a turn of its own', (milliseconds) => {
  const { woken } = wakeIn(milliseconds);
  expect(woken).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(woken).toHaveBeenCalledOnce();
});

test.each([0, 5, 3 * DAY_MS])(
  'a wake-up in %d ms that is cancelled never comes and leaves no timer',
  (milliseconds) => {
    const { woken, wakeUp } = wakeIn(milliseconds);
    if (milliseconds > 0) vi.advanceTimersByTime(milliseconds / 2);
    wakeUp.cancel();
    wakeUp.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(milliseconds);
    expect(woken).not.toHaveBeenCalled();
  },
);

test('a wall clock that is set forward wakes soon what is due by it', () => {
  const { woken } = wakeIn(DAY_MS);
  vi.setSystemTime(START.getTime() + 2 * DAY_MS);
  vi.advanceTimersByTime(10_000);
  expect(woken).toHaveBeenCalledOnce();
});

test('a wall clock that is set back makes nobody wait longer', () => {
  const { woken } = wakeIn(60_000);
  vi.advanceTimersByTime(30_000);
  vi.setSystemTime(START.getTime() - DAY_MS);
  vi.advanceTimersByTime(29_999);
  expect(woken).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(woken).toHaveBeenCalledOnce();
});

test('the clock follows the wall clock when it is set, and moves in parts of a millisecond otherwise', () => {
  const at = (date: Date): bigint => BigInt(date.getTime()) * 1000n;
  expect(clock.nowMicros()).toBe(at(START));
  vi.advanceTimersByTime(1234);
  expect(clock.nowMicros()).toBe(at(START) + 1_234_000n);
  vi.setSystemTime(new Date('2025-01-01T00:00:00Z'));
  expect(clock.nowMicros()).toBe(at(new Date('2025-01-01T00:00:00Z')));
  vi.useRealTimers();
  const real = new SystemClock();
  const readings = new Set(Array.from({ length: 1000 }, () => real.nowMicros()));
  expect([...readings].some((micros) => micros % 1000n !== 0n)).toBe(true);
});
