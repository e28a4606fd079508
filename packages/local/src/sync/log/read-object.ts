import { asDamage } from '../as-damage.ts';
import type { SyncContext } from '../layout.ts';
import { MalformedError } from '../wire/byte-reader.ts';
import type { PositionRange } from './position-set.ts';
import { readSegment } from './segment-reader.ts';
import type { Segment } from './segment-reader.ts';

/** What to do about an object that is damaged. */
export const DAMAGE_ADVICE = 'Another device that has its changes makes good for it when it compacts or verifies.';

/**
 * Reads a segment or a part of a pack.
 *
 * @returns undefined if there is none
 * @throws SyncError `SYNC_DAMAGED` unless it is whole and is what its name says; what the storage throws
 */
export async function readObject(
  { store, signal }: SyncContext,
  key: string,
  { from, to }: PositionRange,
): Promise<Segment | undefined> {
  try {
    const bytes = await store.get(key, undefined, signal);
    if (bytes === undefined) return undefined;
    const segment = await readSegment(bytes);
    if (segment.from === from && segment.to === to) return segment;
    throw new MalformedError(`it has the positions ${segment.from} to ${segment.to}: somebody renamed it`);
  } catch (error) {
    throw asDamage(key, error, DAMAGE_ADVICE);
  }
}
