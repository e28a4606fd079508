import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { thinSnapshots } from './thin-snapshots.ts';

test.each([
  { offsets: [], firstTxOffset: 0, thinned: [] },
  { offsets: [9], firstTxOffset: 0, thinned: [] },
  { offsets: [9, 19, 29], firstTxOffset: 0, thinned: [] },
  { offsets: [9, 19, 29, 39, 49, 59], firstTxOffset: 0, thinned: [9, 19] },
  // The first one stands for what was before the log.
  { offsets: [9, 19, 29, 39, 49, 59], firstTxOffset: 10, thinned: [19] },
  { offsets: [9, 19, 29, 39, 49, 59], firstTxOffset: 20, thinned: [9, 29] },
  { offsets: [4, 9, 19, 29, 39, 49, 59], firstTxOffset: 10, thinned: [4, 19] },
  // The two newest stay, however close they are.
  { offsets: [1_000, 1_001], firstTxOffset: 0, thinned: [] },
])('of $offsets, the log beginning at $firstTxOffset, $thinned go', ({ offsets, firstTxOffset, thinned }) => {
  expect(thinSnapshots(offsets, firstTxOffset)).toEqual(thinned);
});

property.prop([
  fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 300, size: 'max' }),
  fc.nat(2_000),
])(
  'few stay of those that come one by one, any transaction stays within reach, and recent ones within short reach',
  (steps, firstTxOffset) => {
    let there = firstTxOffset === 0 ? [] : [firstTxOffset - 1];
    let newest = firstTxOffset;
    for (const step of steps) {
      newest += step;
      there.push(newest);
      const gone = new Set(thinSnapshots(there, firstTxOffset));
      there = there.filter((txOffset) => !gone.has(txOffset));

      expect(there.at(-1)).toBe(newest);
      if (firstTxOffset > 0) expect(there[0]).toBe(firstTxOffset - 1);
      expect(there.length).toBeLessThanOrEqual(2 * Math.log2(newest + 2 - firstTxOffset) + 4);
      let before = firstTxOffset - 1;
      for (const txOffset of there) {
        const wasSoFromTheBeginning = 2 * Math.max(...steps);
        expect(txOffset - before).toBeLessThanOrEqual(Math.max(newest - txOffset, wasSoFromTheBeginning));
        before = txOffset;
      }
    }
  },
);
