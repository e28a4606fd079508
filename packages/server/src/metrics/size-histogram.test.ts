import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { SIZE_BOUNDS_BYTES, SizeHistogram } from './size-histogram.ts';

/** The bucket of a size, found by looking through the bounds. */
function bucketOf(bytes: number): number {
  const found = SIZE_BOUNDS_BYTES.findIndex((bound) => bytes <= bound);
  return found === -1 ? SIZE_BOUNDS_BYTES.length : found;
}

const edges = SIZE_BOUNDS_BYTES.flatMap((bound) => [bound - 1, bound, bound + 1]);

test.each([0, 1, 2, ...edges, 2 ** 30, 2 ** 31 - 1])(
  '%d bytes are in the bucket of the first bound that holds them',
  (bytes) => {
    const histogram = new SizeHistogram();
    histogram.observe(bytes);
    expect(histogram.counts.indexOf(1)).toBe(bucketOf(bytes));
    expect([histogram.count, histogram.bytes]).toEqual([1, bytes]);
  },
);

property.prop([fc.array(fc.nat(2 ** 31 - 1))])('buckets and sum are those of all sizes', (sizes) => {
  const histogram = new SizeHistogram();
  for (const size of sizes) histogram.observe(size);
  const expected = SIZE_BOUNDS_BYTES.concat(0).map((_, i) => sizes.filter((size) => bucketOf(size) === i).length);
  expect(histogram.counts).toEqual(expected);
  expect(histogram.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
});
