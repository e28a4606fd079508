import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type ScheduleAt, delayMicros, firstDueMicros, nextTickMicros } from './schedule-at.ts';

const NOW = 1_000_000n;
const I64_MIN = -(2n ** 63n);

test.each<{ at: ScheduleAt; delay: bigint; due: bigint }>([
  { at: { tag: 'Time', micros: NOW + 5n }, delay: 5n, due: NOW + 5n },
  { at: { tag: 'Time', micros: NOW }, delay: 0n, due: NOW },
  { at: { tag: 'Time', micros: NOW - 5n }, delay: 0n, due: NOW - 5n },
  { at: { tag: 'Time', micros: I64_MIN }, delay: 0n, due: I64_MIN },
  { at: { tag: 'Interval', micros: 7n }, delay: 7n, due: NOW + 7n },
  { at: { tag: 'Interval', micros: -7n }, delay: 7n, due: NOW + 7n },
  { at: { tag: 'Interval', micros: 0n }, delay: 0n, due: NOW },
  { at: { tag: 'Interval', micros: I64_MIN }, delay: 2n ** 63n, due: NOW + 2n ** 63n },
])('$at.tag $at.micros waits $delay µs from now', ({ at, delay, due }) => {
  expect(delayMicros(at, NOW)).toBe(delay);
  expect(firstDueMicros(at, NOW)).toBe(due);
});

test.each([
  { what: 'a run in time', tick: 100n, interval: 10n, now: 100n, next: 110n },
  { what: 'a late run', tick: 100n, interval: 10n, now: 109n, next: 110n },
  { what: 'a run that ends as the next is due', tick: 100n, interval: 10n, now: 110n, next: 120n },
  { what: 'a run that missed three', tick: 100n, interval: 10n, now: 135n, next: 140n },
  { what: 'a negative interval', tick: 100n, interval: -10n, now: 103n, next: 110n },
  { what: 'continuously', tick: 100n, interval: 0n, now: 103n, next: 104n },
  { what: 'a clock set back', tick: 100n, interval: 10n, now: 63n, next: 70n },
  { what: 'a clock before 1970', tick: 100n, interval: 10n, now: -5n, next: 0n },
])('$what: the tick after $now of $tick ± k · $interval is $next', ({ tick, interval, now, next }) => {
  expect(nextTickMicros(tick, interval, now)).toBe(next);
});

const micros = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
property.prop([micros, micros, micros])(
  'a next tick is in the future, at most one interval away, and on the grid',
  (tick, interval, now) => {
    const next = nextTickMicros(tick, interval, now);
    const length = interval === 0n ? 1n : interval < 0n ? -interval : interval;
    expect(next > now && next <= now + length).toBe(true);
    expect((next - tick) % length).toBe(0n);
  },
);
