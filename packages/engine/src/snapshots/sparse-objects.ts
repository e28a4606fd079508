import { MAX_OBJECT_BYTES, type SnapshotObject } from '@lightcone/commitlog';
import type { CapturedTable } from '@lightcone/store';
import type { PagePlace } from './snapshot-contents.ts';

/** An object that is smaller than this is one that was not full when its snapshot was finished. */
const SMALL_BYTES = MAX_OBJECT_BYTES / 4;
const MAX_SMALL_OBJECTS = 8;

/**
 * The ids of objects of which the next snapshot should not consist any more: those of which more than half is of no
 * use by now, and small ones when there are many. What is left of them is written again, together with what changed;
 * so a chain of snapshots takes at most about twice the bytes of its rows, in few objects.
 */
export function sparseObjects(tables: readonly CapturedTable<PagePlace>[]): ReadonlySet<string> {
  const usedBytes = new Map<SnapshotObject, number>();
  for (const { pages } of tables) {
    for (const { place } of pages) {
      if (isLarge(place)) continue;
      for (const { object, start, end } of place) usedBytes.set(object, (usedBytes.get(object) ?? 0) + end - start);
    }
  }
  const small = [...usedBytes.keys()].filter(({ byteLength }) => byteLength < SMALL_BYTES);
  const sparse = [...usedBytes].filter(([{ byteLength }, used]) => used < byteLength / 2).map(([object]) => object);
  return new Set([...sparse, ...(small.length > MAX_SMALL_OBJECTS ? small : [])].map(({ id }) => id));
}

/** A row that has several objects for itself: to write it again would make the same objects. */
export function isLarge(place: PagePlace): boolean {
  return place.length > 1;
}
