import { DELAY_BOUNDS_SECONDS } from '@lightcone/engine/gateway';
import type { DatabaseMetrics } from '@lightcone/engine';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CountedHistogram } from './counted-histogram.ts';
import type { Archive } from './copies/archive.ts';
import type { Databases } from './databases.ts';
import type { PostgresCounts } from './postgres/postgres-gateway.ts';
import type { RunningDatabase } from './running-database.ts';

const HTTP_COUNTS = ['started', 'succeeded', 'failed', 'timedOut', 'requestBytes', 'responseBytes'] as const;

/**
 * The server's metrics, under the names that dashboards of the reference know where it has them.
 *
 * Databases and connections count in plain numbers of their own, which are read when somebody asks:
 * nothing here is called per message.
 */
export class Metrics {
  readonly #databases: Databases;
  readonly #archive: Archive | undefined;
  readonly #readPostgres: () => PostgresCounts | undefined;
  readonly #registry = new Registry();
  #hasProcessMetrics = false;
  readonly #requestSeconds = new Histogram({
    name: 'lightcone_http_request_seconds',
    help: 'Time from an HTTP request to its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    registers: [this.#registry],
  });
  readonly #clients = this.#gauge('spacetime_worker_connected_clients', 'Clients connected to a database.', [
    'database_identity',
  ]);
  readonly #frames = this.#counter('spacetime_websocket_requests_total', 'Frames received from clients.', [
    'database_identity',
    'protocol',
  ]);
  readonly #incoming = this.#gauge('spacetime_total_incoming_queue_length', 'Frames that wait for a database.', ['db']);
  readonly #outgoingBytes = this.#gauge('lightcone_outgoing_queue_bytes', 'Bytes that wait for clients to take them.', [
    'db',
  ]);
  readonly #disconnections = this.#counter(
    'spacetime_worker_ws_client_disconnections_total',
    'Connections that ended, by cause.',
    ['database_identity', 'cause'],
  );
  readonly #transactions = this.#counter('spacetime_num_txns_total', 'Transactions of reducers and procedures.', [
    'txn_type',
    'db',
    'reducer',
    'committed',
  ]);
  readonly #fuel = this.#counter('reducer_wasmtime_fuel_used', 'Instructions that reducers executed.', [
    'db',
    'reducer',
  ]);
  readonly #viewCalls = this.#counter('view_calls', 'Runs of views, failed ones included.', ['db', 'view']);
  readonly #liveViews = this.#gauge(
    'lightcone_live_views',
    'Views whose rows are kept up to date, counted for each caller who sees others.',
    ['db'],
  );
  readonly #scheduleDelay = new CountedHistogram(
    this.#registry,
    'spacetime_scheduled_function_delay_seconds',
    'How late scheduled functions began.',
    ['db', 'function'],
    DELAY_BOUNDS_SECONDS,
  );
  readonly #scheduledRows = this.#gauge(
    'lightcone_scheduled_rows',
    'Rows of scheduled tables that wait for their time.',
    ['db'],
  );
  readonly #rows = this.#gauge('spacetime_num_table_rows', 'Rows of a table.', ['db', 'table_id', 'table_name']);
  readonly #bytes = this.#gauge('spacetime_table_size_bytes', 'Bytes of the rows of a table.', [
    'db',
    'table_id',
    'table_name',
  ]);
  readonly #queries = this.#gauge('spacetime_active_queries', 'Distinct queries that are kept up to date.', [
    'database_identity',
  ]);
  readonly #querySets = this.#gauge('spacetime_subscription_sets', 'Query sets of clients.', ['database_identity']);
  readonly #refused = this.#counter(
    'lightcone_refused_requests_total',
    'Requests that a database refused unseen, by the limit that they were over.',
    ['db', 'limit'],
  );
  readonly #unsyncedBytes = this.#gauge('lightcone_unsynced_log_bytes', 'Bytes that wait to be synced.', ['db']);
  readonly #instances = this.#gauge('spacetime_module_instances', 'Instances of a module, each with its memory.', [
    'database_identity',
    'module_type',
  ]);
  readonly #httpInProgress = this.#gauge(
    'spacetime_procedure_num_in_progress_http_requests',
    'HTTP requests of a module that are under way.',
    ['db'],
  );
  readonly #http = {
    started: this.#counter('spacetime_procedure_num_http_requests', 'HTTP requests of a module.', ['db']),
    succeeded: this.#counter('spacetime_procedure_num_successful_http_requests', 'Those that were answered.', ['db']),
    failed: this.#counter('spacetime_procedure_num_failed_http_requests', 'Those that were not.', ['db']),
    timedOut: this.#counter('spacetime_procedure_num_timeout_http_requests', 'Those that took too long.', ['db']),
    requestBytes: this.#counter('spacetime_procedure_http_request_size_bytes', 'Bytes of their bodies.', ['db']),
    responseBytes: this.#counter('spacetime_procedure_http_response_size_bytes', 'Bytes of the answers.', ['db']),
  } as const;

  readonly #snapshots = this.#counter('lightcone_snapshots_total', 'Snapshots: taken, or failed.', ['db', 'outcome']);
  readonly #snapshotSeconds = this.#counter(
    'lightcone_snapshot_seconds_total',
    'Time from the beginning of a snapshot until it was verified, added up.',
    ['db'],
  );
  readonly #snapshotBytes = this.#counter('lightcone_snapshot_written_bytes_total', 'Bytes that snapshots wrote.', [
    'db',
  ]);
  readonly #snapshotOffset = this.#gauge('lightcone_snapshot_tx_offset', 'Last transaction of the newest snapshot.', [
    'db',
  ]);
  readonly #archiveLag = this.#gauge(
    'lightcone_archive_lag_transactions',
    'Durable transactions that are not in the archive.',
    ['db'],
  );
  readonly #archiveSuccess = this.#gauge(
    'lightcone_archive_last_success_timestamp_seconds',
    'When everything durable was last brought to the archive.',
    ['db'],
  );
  readonly #archiveFailures = this.#counter(
    'lightcone_archive_failures_total',
    'Attempts to bring the archive up to date that failed.',
    ['db'],
  );

  readonly #postgresSessions = this.#gauge(
    'lightcone_postgres_sessions',
    'Clients of the port for PostgreSQL clients.',
    [],
  );
  readonly #postgresStatements = this.#counter(
    'lightcone_postgres_statements_total',
    'Statements of PostgreSQL clients that were answered.',
    ['outcome'],
  );

  /** @param readPostgres what the port for PostgreSQL clients has counted; undefined while there is none */
  constructor(databases: Databases, archive: Archive | undefined, readPostgres: () => PostgresCounts | undefined) {
    this.#databases = databases;
    this.#archive = archive;
    this.#readPostgres = readPostgres;
  }

  observeRequest(route: string, method: string, status: number, seconds: number): void {
    this.#requestSeconds.observe({ route, method, status }, seconds);
  }

  /** Prometheus text exposition. */
  async text(): Promise<string> {
    if (!this.#hasProcessMetrics) {
      // Not before somebody asks: they wake the process a hundred times a second.
      collectDefaultMetrics({ register: this.#registry });
      this.#hasProcessMetrics = true;
    }
    // Databases that stop meanwhile, or that a call of a module holds up, are left out: the others are not to be missed.
    const databases = this.#databases.started();
    const inside = await Promise.all(
      databases.map(({ thread }) => withinPatience(thread.request('metrics', undefined)).catch(() => undefined)),
    );
    this.#scheduleDelay.reset();
    for (const metric of [
      this.#clients,
      this.#frames,
      this.#disconnections,
      this.#incoming,
      this.#outgoingBytes,
      this.#transactions,
      this.#fuel,
      this.#viewCalls,
      this.#liveViews,
      this.#scheduledRows,
      this.#rows,
      this.#bytes,
      this.#queries,
      this.#querySets,
      this.#instances,
      this.#refused,
      this.#unsyncedBytes,
      this.#httpInProgress,
      this.#snapshots,
      this.#snapshotSeconds,
      this.#snapshotBytes,
      this.#snapshotOffset,
      this.#archiveLag,
      this.#archiveSuccess,
      this.#archiveFailures,
      this.#postgresSessions,
      this.#postgresStatements,
      ...Object.values(this.#http),
    ]) {
      metric.reset();
    }
    databases.forEach((database, i) => {
      const metrics = inside[i];
      this.#readConnections(database);
      if (metrics !== undefined) this.#readDatabase(database.identity, metrics);
    });
    this.#readArchive();
    const postgres = this.#readPostgres();
    if (postgres !== undefined) {
      this.#postgresSessions.set(postgres.sessions);
      this.#postgresStatements.inc({ outcome: 'succeeded' }, postgres.statements.succeeded);
      this.#postgresStatements.inc({ outcome: 'failed' }, postgres.statements.failed);
    }
    return this.#registry.metrics();
  }

  #collectSnapshots(db: string, snapshots: DatabaseMetrics['snapshots']): void {
    if (snapshots === undefined) return;
    const { taken, failed, lastTxOffset, writtenBytes, totalNanos } = snapshots;
    this.#snapshots.inc({ db, outcome: 'taken' }, taken);
    this.#snapshots.inc({ db, outcome: 'failed' }, failed);
    this.#snapshotSeconds.inc({ db }, totalNanos / 1e9);
    this.#snapshotBytes.inc({ db }, writtenBytes);
    if (lastTxOffset >= 0) this.#snapshotOffset.set({ db }, lastTxOffset);
  }

  #readArchive(): void {
    for (const [db, status] of this.#archive?.statuses ?? []) {
      this.#archiveLag.set({ db }, Math.max(0, status.durableTxOffset + 1 - status.endTxOffset));
      if (status.lastSuccessAt !== undefined) this.#archiveSuccess.set({ db }, status.lastSuccessAt / 1000);
      this.#archiveFailures.inc({ db }, status.failures);
    }
  }

  #readConnections(database: RunningDatabase): void {
    const { identity, connectionCount, counts } = database;
    let frames = 0;
    let bytes = 0;
    for (const connection of database.connections()) {
      frames += connection.frames.length;
      bytes += connection.outgoingBytes;
    }
    this.#incoming.set({ db: identity }, frames);
    this.#outgoingBytes.set({ db: identity }, bytes);
    this.#clients.set({ database_identity: identity }, connectionCount);
    this.#frames.inc({ database_identity: identity, protocol: 'binary' }, counts.framesReceived);
    for (const [cause, count] of counts.disconnected) {
      this.#disconnections.inc({ database_identity: identity, cause }, count);
    }
  }

  #readDatabase(db: string, metrics: DatabaseMetrics): void {
    this.#queries.set({ database_identity: db }, metrics.liveQueries);
    this.#querySets.set({ database_identity: db }, metrics.querySets);
    for (const [reducer, { committed, failed, energyUsed }] of metrics.reducers) {
      this.#transactions.inc({ txn_type: 'Reducer', db, reducer, committed: 'true' }, committed);
      this.#transactions.inc({ txn_type: 'Reducer', db, reducer, committed: 'false' }, failed);
      this.#fuel.inc({ db, reducer }, energyUsed);
    }
    for (const [view, { succeeded, failed }] of metrics.views) {
      this.#viewCalls.inc({ db, view }, succeeded + failed);
    }
    for (const [limit, count] of Object.entries(metrics.refusedRequests)) {
      this.#refused.inc({ db, limit }, count);
    }
    this.#unsyncedBytes.set({ db }, metrics.unsyncedLogBytes);
    this.#collectSnapshots(db, metrics.snapshots);
    this.#liveViews.set({ db }, metrics.liveViews);
    this.#scheduledRows.set({ db }, metrics.scheduledRows);
    for (const [name, { counts, sumSeconds }] of metrics.scheduledFunctionDelays) {
      this.#scheduleDelay.set({ db, function: name }, counts, sumSeconds);
    }
    const { instances, counts } = metrics.procedures;
    this.#transactions.inc({ txn_type: 'Procedure', db, reducer: '', committed: 'true' }, counts.committed);
    this.#transactions.inc({ txn_type: 'Procedure', db, reducer: '', committed: 'false' }, counts.rolledBack);
    this.#instances.set({ database_identity: db, module_type: 'wasm' }, 1 + instances); // one runs the reducers
    this.#httpInProgress.set({ db }, counts.http.inProgress);
    for (const count of HTTP_COUNTS) this.#http[count].inc({ db }, counts.http[count]);
    for (const { id, name, rows, bytes } of metrics.tables) {
      this.#rows.set({ db, table_id: id, table_name: name }, rows);
      this.#bytes.set({ db, table_id: id, table_name: name }, bytes);
    }
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}

/** Scrapers give up after ten seconds. */
const MAX_WAIT_MS = 2000;

/** What a promise resolves with, or undefined when that takes too long. */
async function withinPatience<T>(answer: Promise<T>): Promise<T | undefined> {
  const expiry = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => expiry.resolve(undefined), MAX_WAIT_MS);
  try {
    return await Promise.race([answer, expiry.promise]);
  } finally {
    clearTimeout(timer);
  }
}
