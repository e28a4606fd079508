import { asDamage } from '../as-damage.ts';
import type { SyncContext } from '../layout.ts';

/**
 * Reads and decodes a file.
 *
 * @returns undefined if there is none
 * @throws SyncError `SYNC_DAMAGED`; what the storage throws
 */
export async function readFile<T>(
  { store, signal }: SyncContext,
  key: string,
  decode: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  try {
    const bytes = await store.get(key, undefined, signal);
    return bytes === undefined ? undefined : decode(bytes);
  } catch (error) {
    throw asDamage(key, error, 'A device that has its changes makes good for it when it verifies.');
  }
}
