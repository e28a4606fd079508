import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('a burst goes through, then as many as the time that passes is worth', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 1000);
  expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([true, true, true, false]);
  expect(bucket.waitMs).toBeCloseTo(100);
  expect(bucket.take(1050)).toBe(false);
  expect(bucket.waitMs).toBeCloseTo(50);
  expect(bucket.take(1101)).toBe(true);
  expect(bucket.isFull(1102)).toBe(false);
  expect(bucket.isFull(2000)).toBe(true);
});

property.prop([
  fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  fc.integer({ min: 1, max: 1000 }),
  fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 300, size: 'max' }),
])('never more than the burst and what the time is worth', (perSecond, burst, waitsMs) => {
  const bucket = new TokenBucket({ perSecond, burst }, 0);
  let nowMs = 0;
  let taken = 0;
  for (const waitMs of waitsMs) {
    nowMs += waitMs;
    if (bucket.take(nowMs)) taken++;
  }
  expect(taken).toBeLessThanOrEqual(burst + (nowMs / 1000) * perSecond + 1e-6);
});
