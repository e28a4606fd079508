/**
 * Energy that the host's work costs, in units of one guest instruction, of which some four go in a nanosecond. Rough on purpose:
 * they must only keep host work and guest work within the same order of time, so that the budget bounds both.
 */
export const COST = {
  call: 100,
  row: 100,
  rowWritten: 4000,
  perByte: 0.25,
  /** A byte that stays in memory or on disk: this bounds how much one call can leave there. */
  perKeptByte: 8,
  logRecord: 5000,
  /** Walking the guest's stack for a panic. */
  trace: 200_000,
  /** Begin and end of a transaction of a procedure. */
  transaction: 20_000,
  /** A suspension of the guest, or a request that it waits for. */
  suspension: 20_000,
} as const;
