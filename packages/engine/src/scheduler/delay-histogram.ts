/** Upper bounds of the buckets, in seconds; what is above the last is in one more. */
export const DELAY_BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.005, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60, 300,
];

/** How late the runs of a scheduled function began. Plain numbers, which cross threads. */
export interface DelayHistogram {
  /** Runs by delay, one count per bound and one for what is above; not cumulated. */
  readonly counts: number[];
  /** All delays together. */
  sumSeconds: number;
}

export function newDelayHistogram(): DelayHistogram {
  return { counts: Array.from({ length: DELAY_BOUNDS_SECONDS.length + 1 }, () => 0), sumSeconds: 0 };
}

export function observeDelay(histogram: DelayHistogram, seconds: number): void {
  let bucket = 0;
  while (bucket < DELAY_BOUNDS_SECONDS.length && seconds > DELAY_BOUNDS_SECONDS[bucket]!) bucket++; // below the length
  histogram.counts[bucket]!++; // one more than there are bounds
  histogram.sumSeconds += seconds;
}
