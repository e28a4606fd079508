import type { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/**
 * Removes snapshots that are older than those that are to be kept, objects that nobody needs, and then the log that the
 * kept ones make dispensable: all before the oldest of them. Those that are kept are the newest that `verifySnapshots` has
 * found whole; while there are fewer of them than the policy says, neither snapshots nor log are removed.
 *
 * @param verified offsets of snapshots that were found whole
 * @param archivedBefore the tx offset before which the log may go as far as an archive is concerned
 * @throws BlobError, CommitLogError `LOG_REMOVAL_FAILED`, or as `SnapshotStore.collect` does: what is left is whole, and the next time goes on with it
 */
export async function removeOldSnapshots(
  store: SnapshotStore,
  log: CommitLog,
  policy: SnapshotPolicy,
  verified: Set<number>,
  archivedBefore: number,
): Promise<void> {
  const offsets = await store.list();
  const good = offsets.filter((txOffset) => verified.has(txOffset));
  const oldestKept = good.at(-policy.kept);
  if (oldestKept !== undefined) {
    for (const txOffset of offsets.slice(0, offsets.indexOf(oldestKept))) {
      await store.remove(txOffset);
      verified.delete(txOffset);
    }
  }
  await store.collect();
  if (oldestKept !== undefined && !policy.keepsWholeLog) {
    await log.removeBefore(Math.min(oldestKept + 1, archivedBefore));
  }
}
