import { expect, test } from 'vitest';
import { type Progress, type SnapshotPolicy, isDue } from './snapshot-policy.ts';

const POLICY: SnapshotPolicy = {
  everyTransactions: 1000,
  everyBytes: 50_000,
  maxBytesPerLogByte: 4,
  kept: 2,
  keepsWholeLog: false,
};

test.each<Progress & { due: boolean }>([
  { transactions: 0, logBytes: 0, snapshotBytes: 0, due: false },
  { transactions: 999, logBytes: 49_999, snapshotBytes: 0, due: false },
  { transactions: 1000, logBytes: 1, snapshotBytes: 0, due: true },
  { transactions: 1, logBytes: 50_000, snapshotBytes: 0, due: true },
  { transactions: 1000, logBytes: 20_000, snapshotBytes: 80_001, due: false },
  { transactions: 1000, logBytes: 20_001, snapshotBytes: 80_001, due: true },
  // A database that was opened and has replayed much, but where nothing was committed since.
  { transactions: 0, logBytes: 1_000_000, snapshotBytes: 0, due: false },
])('$transactions transactions, $logBytes bytes of log, a snapshot of $snapshotBytes: $due', ({ due, ...progress }) => {
  expect(isDue(POLICY, progress)).toBe(due);
});
