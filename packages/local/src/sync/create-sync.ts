import type { BlobStore } from '@lightcone/blobs';
import { PrefixedBlobStore } from '@lightcone/blobs';
import type { ChangeLog } from '../change-log.ts';
import { DimpleLayout } from './dimple/dimple-layout.ts';
import { LogLayout } from './log/log-layout.ts';
import { PLATFORM } from './runtime.ts';
import type { SyncRuntime } from './runtime.ts';
import { Sync } from './sync.ts';

export interface SyncOptions {
  /** Where the changes of all devices are: a folder, a bucket, either of them encrypted. */
  readonly remote: BlobStore;
  /**
   * `log`, unless told: one log that all append to, packed from time to time; for programs that use this package.
   * `dimple`: that of DimpleDb 0.1.0, to sync with programs that use it.
   */
  readonly layout?: 'log' | 'dimple';
  /** The folder in `remote`; unless told, `lightcone-sync`, and that of DimpleDb, `dimple-sync`, in its layout. */
  readonly prefix?: string;
  /** The clock, randomness and timers, unless they are the platform's. */
  readonly runtime?: Partial<SyncRuntime>;
}

/** Makes a sync of a database with a storage. Nothing is asked of the storage yet: see `once` and `start`. */
export function createSync(
  db: { readonly log: ChangeLog },
  { remote, layout = 'log', prefix, runtime }: SyncOptions,
): Sync {
  const store = new PrefixedBlobStore(remote, prefix ?? (layout === 'log' ? 'lightcone-sync' : 'dimple-sync'));
  return new Sync(db.log, store, layout === 'log' ? new LogLayout() : new DimpleLayout(), { ...PLATFORM, ...runtime });
}
