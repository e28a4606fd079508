import type { CommitLog, CommitLogError, SnapshotStore } from '@lightcone/commitlog';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/** A snapshot that was found damaged, and set aside. */
export interface DamagedSnapshot {
  readonly txOffset: number;
  readonly problems: readonly CommitLogError[];
}

/**
 * Reads the newest snapshots again that nobody has read since `verified` was made, removes older ones and objects that
 * nobody needs, and then the log that the kept ones make dispensable: all before the oldest of them, if there are as
 * many as are to be kept.
 *
 * @param verified offsets of snapshots that were found whole; what is found now is added
 * @param archivedBefore the tx offset before which the log may go as far as an archive is concerned
 * @returns snapshots that were damaged
 * @throws BlobError, CommitLogError `LOG_REMOVAL_FAILED`, the reason of the signal
 */
export async function retainSnapshots(
  store: SnapshotStore,
  log: CommitLog,
  policy: SnapshotPolicy,
  verified: Set<number>,
  archivedBefore: number,
  signal: AbortSignal,
): Promise<readonly DamagedSnapshot[]> {
  const damaged: DamagedSnapshot[] = [];
  for (;;) {
    const found = await findDamaged(store, policy.kept, verified, signal);
    if (found === undefined) break;
    await store.invalidate(found.txOffset);
    damaged.push(found);
    verified.clear(); // others may consist of the same objects
  }
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
  return damaged;
}

/** Reads the `count` newest snapshots that are not known to be good, until one is not. */
async function findDamaged(
  store: SnapshotStore,
  count: number,
  verified: Set<number>,
  signal: AbortSignal,
): Promise<DamagedSnapshot | undefined> {
  for (const txOffset of (await store.list()).slice(-count).toReversed()) {
    if (verified.has(txOffset)) continue;
    const problems = await store.verify(txOffset, signal);
    if (problems.length > 0) return { txOffset, problems };
    verified.add(txOffset);
  }
  return undefined;
}
