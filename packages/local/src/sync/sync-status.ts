import type { SyncError } from './errors.ts';
import type { SyncProgress } from './layout.ts';

/** Where a sync stands. Immutable: each change makes a new one. */
export interface SyncStatus {
  /** `idle`: started, waits for the next time. `syncing`: works. `stopped`: not started, or stopped. */
  readonly state: 'stopped' | 'idle' | 'syncing';
  /** While it works. */
  readonly progress: SyncProgress | undefined;
  /** When all that the storage had was merged last; milliseconds since 1970. */
  readonly lastPullAt: number | undefined;
  /** When the storage had all that the database had last. */
  readonly lastPushAt: number | undefined;
  /** Why the last pull was not whole. A push is tried nevertheless. */
  readonly pullError: SyncError | undefined;
  readonly pushError: SyncError | undefined;
}
