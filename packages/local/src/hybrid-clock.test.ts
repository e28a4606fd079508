import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { changeCounter, changeTimeMs, endOfTimeMs, formatChangeId, isChangeId, maxCounter } from './change-id.ts';
import { HybridClock } from './hybrid-clock.ts';

const day = 86_400_000;

test('an id has the bits of RFC 9562 where a UUIDv7 has them', () => {
  expect(formatChangeId(0x0123_4567_89ab, 0, 0, 0)).toBe('01234567-89ab-7000-8000-000000000000');
  expect(formatChangeId(0x0123_4567_89ab, maxCounter, 0xfff, 0xffff_ffff)).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
  expect(formatChangeId(1, 0x2_0001, 0xabc, 0x1234_5678)).toBe('00000000-0001-7000-a000-1abc12345678');
});

const parts = [
  fc.nat({ max: endOfTimeMs - 1 }),
  fc.nat({ max: maxCounter }),
  fc.nat({ max: 0xfff }),
  fc.nat({ max: 0xffff_ffff }),
] as const;

property.prop([fc.tuple(...parts), fc.tuple(...parts)])('ids read back, and sort by time, then counter', (a, b) => {
  const [first, second] = [formatChangeId(...a), formatChangeId(...b)];
  expect(isChangeId(first)).toBe(true);
  expect([changeTimeMs(first), changeCounter(first)]).toEqual(a.slice(0, 2));
  if (a[0] !== b[0] || a[1] !== b[1]) expect(first < second).toBe(a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]));
});

test.each([
  '',
  '01932d5e-0000-4000-8000-000000000000', // version 4
  '01932d5e-0000-7000-c000-000000000000', // another variant
  '01932D5E-0000-7000-8000-000000000000', // upper case sorts elsewhere
  '01932d5e-0000-7000-8000-00000000000',
  'ffffffff-ffff-7000-8000-000000000000', // the year 10889
  '01932d5e-0000-7000-8000-000000000000\n',
])('%j is no change id', (id) => {
  expect(isChangeId(id)).toBe(false);
});

property.prop([
  fc.array(fc.oneof(fc.integer({ min: -2 * day, max: 2 * day }), fc.constant(0), fc.tuple(...parts)), {
    maxLength: 60,
    size: 'max',
  }),
])('ids rise and exceed all that were observed, however the wall clock jumps [S6]', (steps) => {
  let now = Date.UTC(2026, 0);
  const clock = new HybridClock(
    () => now,
    () => 0xffff_ffff,
  );
  let last = '';
  for (const step of steps) {
    if (typeof step === 'number') now = Math.max(0, now + step);
    else if (step[0] < endOfTimeMs - 100) {
      const seen = formatChangeId(...step);
      clock.observe(seen);
      if (seen > last) last = seen;
    }
    const id = clock.tick();
    expect(isChangeId(id)).toBe(true);
    expect(id > last).toBe(true);
    last = id;
  }
});

test.each([0, endOfTimeMs])(
  'a wall clock that says %i and is believed by nobody makes well-formed ids that rise',
  (now) => {
    const clock = new HybridClock(
      () => now,
      () => 0xffff_ffff,
    );
    const ids = Array.from({ length: 40 }, () => clock.tick());
    expect(ids.every(isChangeId)).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  },
);

test('a full counter moves the clock on by a millisecond', () => {
  const clock = new HybridClock(
    () => 1000,
    () => 0,
  );
  clock.observe(formatChangeId(1000, maxCounter, 0, 0));
  expect(clock.tick()).toBe(formatChangeId(1001, 0, 0, 0));
});

test('the last id of 2199 leaves no later one', () => {
  const clock = new HybridClock(
    () => 1000,
    () => 0,
  );
  clock.observe(formatChangeId(endOfTimeMs - 1, maxCounter, 0, 0));
  expect(() => clock.tick()).toThrow(expect.objectContaining({ code: 'LOCAL_CLOCK_EXHAUSTED' }));
});
