import type { CommitLog } from '@lightcone/commitlog';
import type { ModuleLimits } from '@lightcone/host';
import type { ConnectionId, Identity } from '@lightcone/sats';
import type { Clock } from '../clock.ts';
import type { DatabaseOptions, SnapshotOptions } from '../core.ts';
import { Database } from '../database.ts';
import type { DatabaseLogRecord } from '../log-record.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { OutgoingHttp } from '../procedures/outgoing-http.ts';
import type { Timers } from '../timers.ts';
import { EmbeddedDatabase } from './embedded-database.ts';

/** What an embedded database runs on. */
export interface EmbeddedOptions {
  readonly program: Uint8Array;
  readonly identity: Identity;
  readonly owner: Identity;
  readonly log: CommitLog | undefined;
  readonly snapshots?: SnapshotOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Where procedures may send HTTP requests; absent, every request of theirs fails. */
  readonly outgoingHttp?: OutgoingHttp;
  readonly limits?: ModuleLimits;
  readonly rateLimits?: RateLimits;
  readonly maxUnsyncedBytes?: number;
  readonly defer: (run: () => void) => void;
  readonly newConnectionId: () => ConnectionId;
  readonly moduleLog: (record: DatabaseLogRecord) => void;
}

/**
 * Opens the database of a log, or makes it if the log is empty. A program other than the stored one
 * is published over it.
 * @throws EngineError, HostError, SchemaError, CommitLogError
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { program, owner, log, newConnectionId } = options;
  let embedded: EmbeddedDatabase | undefined;
  const databaseOptions: DatabaseOptions = {
    identity: options.identity,
    log,
    ...(options.snapshots && { snapshots: options.snapshots }),
    clock: options.clock,
    timers: options.timers,
    ...(options.outgoingHttp && { outgoingHttp: options.outgoingHttp }),
    ...(options.limits && { limits: options.limits }),
    ...(options.rateLimits && { rateLimits: options.rateLimits }),
    ...(options.maxUnsyncedBytes !== undefined && { maxUnsyncedBytes: options.maxUnsyncedBytes }),
    defer: options.defer,
    moduleLog: options.moduleLog,
    deliver: (batch) => embedded?.deliver(batch),
    onFailure: () => {}, // every call that follows rejects with it
  };
  const isNew = log === undefined || log.nextTxOffset === 0;
  const database = isNew
    ? await Database.create(databaseOptions, program, owner)
    : await Database.open(databaseOptions);
  embedded = new EmbeddedDatabase(database, newConnectionId);
  try {
    await database.whenDurable(database.update(program, false));
  } catch (error) {
    // Nobody else can: whoever opens it again with the right module finds its log free.
    await embedded.close();
    throw error;
  }
  return embedded;
}
