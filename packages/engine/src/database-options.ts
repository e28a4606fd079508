import type { CommitLog, CommitTimes, SnapshotStore } from '@lightcone/commitlog';
import type { ModuleLimits } from '@lightcone/host';
import type { Identity } from '@lightcone/sats';
import type { Clock } from './clock.ts';
import type { EngineError } from './errors.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import type { DatabaseLogRecord } from './log-record.ts';
import type { OutgoingHttp } from './procedures/outgoing-http.ts';
import type { SnapshotPolicy } from './snapshots/snapshot-policy.ts';
import type { Timers } from './timers.ts';

/** What a database runs on. */
export interface DatabaseOptions {
  readonly identity: Identity;
  /** Opened by the caller and closed by the database; undefined keeps everything in memory. */
  readonly log: CommitLog | undefined;
  /** Where snapshots are taken to, and the database is started from; without it there is only the log. */
  readonly snapshots?: SnapshotOptions;
  /** When transactions that no reducer did were committed: also closed by the database. Not kept unless given. */
  readonly commitTimes?: CommitTimes;
  readonly clock: Clock;
  /** Wake-ups by that clock. */
  readonly timers: Timers;
  /** Where procedures may send HTTP requests; absent, every request of theirs fails. */
  readonly outgoingHttp?: OutgoingHttp;
  /** What a call of the module may use; `DEFAULT_LIMITS` of the host unless given. */
  readonly limits?: ModuleLimits;
  /** How often clients may ask for something; as often as they like unless given. */
  readonly rateLimits?: RateLimits;
  /**
   * Bytes of records, or of answers, that may wait for the log to be synced; `DEFAULT_MAX_UNSYNCED_BYTES`
   * unless given. With more, calls are refused: one transaction may go over it.
   */
  readonly maxUnsyncedBytes?: number;
  /** Takes what the module and the engine log for the database's owner. */
  readonly moduleLog: (record: DatabaseLogRecord) => void;
  /**
   * Takes what is to be sent: batches in the format of `readOutboundBatch`, whose bytes are the
   * receiver's to keep. Called between transactions.
   */
  readonly deliver: (batch: Uint8Array) => void;
  /** Runs a function when what has arrived by now is dealt with: `setImmediate` in a program. */
  readonly defer: (run: () => void) => void;
  /**
   * The database has stopped: as its log failed, as its full disk has room, or as a mistake of ours came to light
   * (`ENGINE_STOPPED`, with it as the cause). Whose it is closes it, and opens it again.
   */
  readonly onFailure: (error: EngineError) => void;
}

export interface SnapshotOptions {
  readonly store: SnapshotStore;
  /** `DEFAULT_SNAPSHOT_POLICY` unless given. */
  readonly policy?: SnapshotPolicy;
  /**
   * The tx offset before which the log may be removed as far as an archive is concerned: it has everything before it.
   * Asked for each time; without it there is no archive to wait for.
   */
  readonly archivedBefore?: () => number;
}
