import type { CommitLogError, SnapshotStore } from '@lightcone/commitlog';
import { isSnapshotDamage } from './snapshot-damage.ts';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/** A snapshot that was found damaged, and set aside. */
export interface DamagedSnapshot {
  readonly txOffset: number;
  readonly problems: readonly CommitLogError[];
}

/**
 * Reads the newest snapshots again that nobody has read since `verified` was made, until as many are found whole as are
 * to be kept. Those that are damaged are set aside; those that are of no use to this program, though another one may read
 * them, are passed over.
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

/** Reads snapshots that are not known to be good, the newest first, until one is damaged or `count` are good. */
async function findDamaged(
  store: SnapshotStore,
  count: number,
  verified: Set<number>,
  signal: AbortSignal,
): Promise<DamagedSnapshot | undefined> {
  let good = 0;
  for (const txOffset of (await store.list()).toReversed()) {
    if (good === count) break;
    if (!verified.has(txOffset)) {
      const problems = await store.verify(txOffset, signal);
      if (problems.some(isSnapshotDamage)) return { txOffset, problems };
      if (problems.length > 0) continue;
      verified.add(txOffset);
    }
    good++;
  }
  return undefined;
}
