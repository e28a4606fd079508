/** Upper bounds of the buckets, in bytes: powers of four. What is above the last is in one more. */
export const SIZE_BOUNDS_BYTES: readonly number[] = Array.from({ length: 11 }, (_, i) => 4 ** (i + 3));

/** 2^6 bytes are in the first bucket. */
const FIRST_BITS = 6;

/** Counts sizes at the cost of an addition or two: it is done for every frame. */
export class SizeHistogram {
  /** One for each bound and one for what is above; not cumulated. */
  readonly counts: number[] = Array.from({ length: SIZE_BOUNDS_BYTES.length + 1 }, () => 0);
  /** All sizes together. */
  bytes = 0;

  observe(bytes: number): void {
    // The least power of two that is not below it.
    const bits = bytes <= 1 ? 0 : 32 - Math.clz32(bytes - 1);
    const bucket = bits <= FIRST_BITS ? 0 : (bits - FIRST_BITS + 1) >> 1;
    this.counts[Math.min(bucket, SIZE_BOUNDS_BYTES.length)]!++; // in range
    this.bytes += bytes;
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}
