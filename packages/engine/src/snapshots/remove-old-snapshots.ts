import type { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/**
 * Removes snapshots that are older than those that are to be kept, objects that nobody needs, and then the log that the
 * kept ones make dispensable: all before the oldest of them, if there are as many as are to be kept. To be called when
 * `verifySnapshots` has found them whole.
 *
 * @param archivedBefore the tx offset before which the log may go as far as an archive is concerned
 * @throws BlobError, CommitLogError `LOG_REMOVAL_FAILED`: what is left is whole, and the next time goes on with it
 */
export async function removeOldSnapshots(
  store: SnapshotStore,
  log: CommitLog,
  policy: SnapshotPolicy,
  verified: Set<number>,
  archivedBefore: number,
): Promise<void> {
  const offsets = await store.list();
  const kept = offsets.slice(-policy.kept);
  for (const txOffset of offsets.slice(0, -policy.kept)) {
    await store.remove(txOffset);
    verified.delete(txOffset);
  }
  await store.collect();
  const [oldest] = kept;
  if (!policy.keepsWholeLog && oldest !== undefined && kept.length === policy.kept) {
    await log.removeBefore(Math.min(oldest + 1, archivedBefore));
  }
}
