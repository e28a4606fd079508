import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type ScheduleAt, firstDueMicros, isBeyondHorizon, nextTickMicros } from './schedule-at.ts';

const NOW = 1_000_000n;
const I64_MIN = -(2n ** 63n);

const HORIZON = (2n ** 36n - 1n) * 1000n;

test.each<{ at: ScheduleAt; due: bigint; isBeyond: boolean }>([
  { at: { tag: 'Time', micros: NOW + 5n }, due: NOW + 5n, isBeyond: false },
  { at: { tag: 'Time', micros: NOW }, due: NOW, isBeyond: false },
  { at: { tag: 'Time', micros: NOW - 5n }, due: NOW - 5n, isBeyond: false },
  { at: { tag: 'Time', micros: I64_MIN }, due: I64_MIN, isBeyond: false },
  { at: { tag: 'Time', micros: NOW + HORIZON - 1n }, due: NOW + HORIZON - 1n, isBeyond: false },
  { at: { tag: 'Time', micros: NOW + HORIZON }, due: NOW + HORIZON, isBeyond: true },
  { at: { tag: 'Interval', micros: 7n }, due: NOW + 7n, isBeyond: false },
  { at: { tag: 'Interval', micros: -7n }, due: NOW + 7n, isBeyond: false },
  { at: { tag: 'Interval', micros: 0n }, due: NOW, isBeyond: false },
  { at: { tag: 'Interval', micros: 1n - HORIZON }, due: NOW + HORIZON - 1n, isBeyond: false },
  { at: { tag: 'Interval', micros: HORIZON }, due: NOW + HORIZON, isBeyond: true },
  { at: { tag: 'Interval', micros: I64_MIN }, due: NOW + 2n ** 63n, isBeyond: true },
])('$at.tag $at.micros is due at $due, which is beyond the horizon: $isBeyond', ({ at, due, isBeyond }) => {
  expect(firstDueMicros(at, NOW)).toBe(due);
  expect(isBeyondHorizon(at, NOW)).toBe(isBeyond);
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
