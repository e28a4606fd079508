/** So many of the newest stay, since the newest may turn out to be damaged. */
const NEWEST = 2;

/**
 * Which snapshots of an archive can go, so that there are few of old states and many of recent ones. The log stays, so
 * every transaction in it can still be restored: a snapshot only spares the replay of what is before it. One goes where
 * the next older and the next newer one that stay are no further apart than the newer one is from the newest of all:
 *
 *     ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·      each came when it was the newest
 *     │           │           │     │     │     │  │      what is there of them
 *
 * Thus what was n transactions before the newest snapshot takes a replay of n transactions at most, or of those between
 * two snapshots as they came, and of N transactions about 2 log₂ N snapshots stay.
 *
 * @param offsets of all snapshots, ascending
 * @param firstTxOffset the first transaction of the log, or the one behind a snapshot that must stay: unless that is 0,
 *   nothing is restored without a snapshot, and the oldest that leads on from there stays
 * @returns offsets of those that can go
 */
export function thinSnapshots(offsets: readonly number[], firstTxOffset: number): number[] {
  const newest = offsets.at(-1) ?? -1;
  // What is before the log leads nowhere.
  const useful = offsets.filter((txOffset) => txOffset >= firstTxOffset - 1);
  const thinned = offsets.slice(0, offsets.length - useful.length);
  let older = firstTxOffset === 0 ? -1 : useful.shift();
  for (const [i, txOffset] of useful.entries()) {
    const newer = useful[i + 1];
    const isOneOfNewest = i >= useful.length - NEWEST;
    if (isOneOfNewest || newer === undefined || older === undefined || newer - older > newest - newer) older = txOffset;
    else thinned.push(txOffset);
  }
  return thinned;
}
