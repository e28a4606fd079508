import type { BlobStore } from '@lightcone/blobs';
import type { ChangeLog } from '../change-log.ts';
import type { SyncError } from './errors.ts';
import type { SyncRuntime } from './runtime.ts';

/** How far a sync has come. */
export interface SyncProgress {
  readonly phase: 'pull' | 'push' | 'compact';
  /** Objects read or written in this phase, and how many there will be, as far as is known. */
  readonly objects: number;
  readonly objectsInAll: number | undefined;
  /** Changes that were new to the database, or were put into the storage. */
  readonly changes: number;
}

/** What a layout works with. */
export interface SyncContext {
  readonly log: ChangeLog;
  /** The objects under the prefix of this sync. */
  readonly store: BlobStore;
  readonly runtime: SyncRuntime;
  readonly signal: AbortSignal | undefined;
  report(progress: SyncProgress): void;
}

/** What a pull or a push did, and what it could not do, while it did all else. */
export interface SyncOutcome {
  readonly changes: number;
  readonly problems: readonly SyncError[];
}

/** One sync of a database with a storage, from its first look at it on. */
export interface SyncSession {
  /** Brings what the database lacks. */
  pull(): Promise<SyncOutcome>;
  /** Brings what the storage lacks; also after a pull that failed. */
  push(): Promise<SyncOutcome>;
}

/** How changes are kept in a storage. An instance belongs to one sync, and remembers what it has seen. */
export interface Layout {
  /**
   * Looks at the storage.
   * @param options.verify compare all that the storage has with all that the database has, and make good what it lost
   * @throws SyncError, BlobError, the reason of the signal
   */
  open(context: SyncContext, options: { readonly verify: boolean }): Promise<SyncSession>;
}
