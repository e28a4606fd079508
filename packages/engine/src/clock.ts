/** The time, passed in: the engine has no clock of its own. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  nowMicros(): bigint;
  /** Nanoseconds from some fixed moment, for measuring durations. */
  monotonicNanos(): bigint;
}
