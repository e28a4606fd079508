/** When snapshots are taken, and what is kept. */
export interface SnapshotPolicy {
  /** Transactions since the last snapshot with which the next one is due. */
  readonly everyTransactions: number;
  /** Bytes of log since the last snapshot with which the next one is due. */
  readonly everyBytes: number;
  /**
   * Bytes that a snapshot may write for each byte of log since the last one. A large database whose rows change all
   * over would write all of them every time: it waits until its log is long enough for that.
   */
  readonly maxBytesPerLogByte: number;
  /** How many snapshots are kept: the newest ones. At least 1. */
  readonly kept: number;
  /** Whether the log is kept from its first transaction, rather than from the oldest snapshot that is kept. */
  readonly keepsWholeLog: boolean;
}

/**
 * A snapshot every million transactions, as SpacetimeDB takes them, or every 256 MiB of log. Two are kept, and the log
 * since the older one: so a database starts, and nothing is lost, though the newest snapshot be damaged or incomplete.
 * What did not change between them they share; a disk that loses that is what archives and backups are for.
 */
export const DEFAULT_SNAPSHOT_POLICY: SnapshotPolicy = Object.freeze({
  everyTransactions: 1_000_000,
  everyBytes: 256 * 1024 * 1024,
  maxBytesPerLogByte: 4,
  kept: 2,
  keepsWholeLog: false,
});

/** How far a database has come since its last snapshot. */
export interface Progress {
  readonly transactions: number;
  readonly logBytes: number;
  /** Of all objects of the last snapshot; 0 if there is none. */
  readonly snapshotBytes: number;
}

/** Whether a snapshot is due. */
export function isDue(policy: SnapshotPolicy, { transactions, logBytes, snapshotBytes }: Progress): boolean {
  if (transactions < policy.everyTransactions && logBytes < policy.everyBytes) return false;
  return transactions > 0 && snapshotBytes <= logBytes * policy.maxBytesPerLogByte;
}
