import type { CommitLogError, SnapshotStore } from '@lightcone/commitlog';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/** A snapshot that was found damaged, and set aside. */
export interface DamagedSnapshot {
  readonly txOffset: number;
  readonly problems: readonly CommitLogError[];
}

/**
 * Reads the newest snapshots again, as many as are to be kept, that nobody has read since `verified` was made.
 *
 * @param verified offsets of snapshots that were found whole; what is found now is added
 * @returns snapshots that were damaged
 * @throws BlobError, the reason of the signal
 */
export async function verifySnapshots(
  store: SnapshotStore,
  policy: SnapshotPolicy,
  verified: Set<number>,
  signal: AbortSignal,
): Promise<readonly DamagedSnapshot[]> {
  const damaged: DamagedSnapshot[] = [];
  for (;;) {
    const found = await findDamaged(store, policy.kept, verified, signal);
    if (found === undefined) return damaged;
    await store.invalidate(found.txOffset);
    damaged.push(found);
    verified.clear(); // others may consist of the same objects
  }
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
