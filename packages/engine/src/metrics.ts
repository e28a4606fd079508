import type { RefusedRequests } from './limits/door.ts';
import type { DelayHistogram } from './scheduler/delay-histogram.ts';
import type { SnapshotMetrics } from './snapshots/snapshots.ts';

/** What a database has done since it was opened, and what it holds. Plain numbers, read when asked for. */
export interface DatabaseMetrics {
  /** Of the module that runs. */
  readonly programHash: Uint8Array;
  readonly connectedClients: number;
  /** Of these, those with subscriptions; and their queries, each once for every client that has it. */
  readonly subscribedClients: number;
  readonly subscribedQueries: number;
  /** Connections that were not let in, by what `client_connected` came to. */
  readonly refusedConnections: Readonly<RefusedConnections>;
  readonly liveQueries: number;
  readonly querySets: number;
  readonly subscriptions: Readonly<SubscriptionCounts>;
  readonly lastTxOffset: number;
  /** Undefined in memory. */
  readonly durableTxOffset: number | undefined;
  readonly reducers: ReadonlyMap<string, ReducerMetrics>;
  /** Requests that were not taken, by what refused them. */
  readonly refusedRequests: Readonly<RefusedRequests>;
  /** Statements of SQL by callers without a connection. */
  readonly sql: Readonly<SqlCounts>;
  /** What the memories of all instances of the module have grown to. */
  readonly instanceBytes: number;
  /** Bytes of records that were given to the log. */
  readonly loggedBytes: number;
  /** Bytes of records that the log has not synced; 0 in memory. */
  readonly unsyncedLogBytes: number;
  /** Undefined where none are taken. */
  readonly snapshots: Readonly<SnapshotMetrics> | undefined;
  /** Rows of scheduled tables that wait for their time. */
  readonly scheduledRows: number;
  /** How late scheduled functions began, by their name. */
  readonly scheduledFunctionDelays: ReadonlyMap<string, DelayHistogram>;
  readonly views: ReadonlyMap<string, ViewMetrics>;
  /** Views whose rows are kept, once for each caller that has his own. */
  readonly liveViews: number;
  readonly procedures: ProcedureMetrics;
  readonly tables: readonly TableMetrics[];
}

/** What procedures and HTTP handlers have done. */
export interface ProcedureMetrics {
  /** Calls that run or wait now. */
  running: number;
  /** Instances of the module, each with a memory of its own, those at work included. */
  instances: number;
  /** What the memories of these have grown to, as they were seen last. */
  instanceBytes: number;
  readonly counts: ProcedureCounts;
}

/** What they have done since the database was opened. */
export interface ProcedureCounts {
  /** Transactions that they took: those that were kept, and those that were not. */
  committed: number;
  rolledBack: number;
  readonly http: OutgoingHttpMetrics;
}

/** HTTP requests that the module sent. */
export interface OutgoingHttpMetrics {
  started: number;
  inProgress: number;
  /** Answered, whatever the status. */
  succeeded: number;
  /** Those that timed out included. */
  failed: number;
  timedOut: number;
  /** Bytes of the bodies. */
  requestBytes: number;
  responseBytes: number;
}

/** By the causes of `ConnectRefusal`. */
export interface RefusedConnections {
  rejected: number;
  outOfEnergy: number;
  diskFull: number;
}

export interface SqlCounts {
  succeeded: number;
  failed: number;
}

/** What following queries has taken since the database was opened. */
export interface SubscriptionCounts {
  /** Queries that clients subscribed to, and how many of them nobody had at that time. */
  subscribed: number;
  started: number;
  /** Evaluations of live queries on what a transaction changed, and how many of them changed a result. */
  evaluated: number;
  matched: number;
}

export interface ReducerMetrics {
  committed: number;
  /** Whatever the reason. */
  failed: number;
  /** Of the failed ones, those that returned an error, and those that trapped. */
  errors: number;
  traps: number;
  /** Executed instructions, about. */
  energyUsed: number;
}

export interface ViewMetrics {
  /** Runs whose result was taken for rows or a query. */
  succeeded: number;
  failed: number;
  /** Executed instructions, about. */
  energyUsed: number;
}

export interface TableMetrics {
  readonly id: number;
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly indexes: number;
  /** Since the database was opened. */
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
}
