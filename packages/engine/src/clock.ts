/** The time, passed in: the engine has no clock of its own. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  nowMicros(): bigint;
  /** Nanoseconds from some fixed moment, for measuring durations. */
  monotonicNanos(): bigint;
  /** Milliseconds from some fixed moment, with fractions: for what is looked at so often that a `bigint` each time tells. */
  monotonicMs(): number;
}
