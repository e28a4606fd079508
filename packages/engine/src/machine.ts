// What a database needs of the machine that it runs on, for those that wire it themselves.
import { FolderBlobStore } from '@lightcone/blobs/node';
import { SnapshotStore } from '@lightcone/commitlog';
import type { Clock } from './clock.ts';
import { SystemClock } from './node/system-clock.ts';
import { SystemTimers } from './node/system-timers.ts';
import type { Timers } from './timers.ts';

/** The clock of this machine. */
export const systemClock: Clock = new SystemClock();

/** Wake-ups by the clock of this machine. */
export const systemTimers: Timers = new SystemTimers(systemClock);

/**
 * The snapshots of the database in a folder.
 *
 * To be called when its log is open, and so locked: what a killed process left behind is deleted.
 * @throws BlobError
 */
export async function folderSnapshots(folder: string): Promise<SnapshotStore> {
  const blobs = new FolderBlobStore(`${folder}/snapshots`);
  await blobs.removeLeftovers();
  return new SnapshotStore(blobs);
}
