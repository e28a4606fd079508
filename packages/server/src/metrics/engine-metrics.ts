import { DELAY_BOUNDS_SECONDS } from '@lightcone/engine/gateway';
import type { DatabaseMetrics } from '@lightcone/engine';
import { bytesToHex } from '@lightcone/sats';
import type { ScrapedMetrics } from './scraped-metrics.ts';
import { SnapshotMetrics } from './snapshot-metrics.ts';

const HTTP_COUNTS = ['started', 'succeeded', 'failed', 'timedOut', 'requestBytes', 'responseBytes'] as const;

/** What databases tell of themselves: transactions, rows, functions, subscriptions. */
export class EngineMetrics {
  readonly #scraped: ReturnType<typeof declareMetrics>;

  constructor(scraped: ScrapedMetrics) {
    this.#scraped = declareMetrics(scraped);
  }

  read(db: string, metrics: DatabaseMetrics): void {
    this.#readFunctions(db, metrics);
    this.#readSubscriptions(db, metrics);
    for (const [limit, count] of Object.entries(metrics.refusedRequests)) {
      this.#scraped.refused.inc({ db, limit }, count);
    }
    this.#scraped.unsyncedBytes.set({ db }, metrics.unsyncedLogBytes);
    if (metrics.snapshots !== undefined) this.#scraped.snapshots.read(db, metrics.snapshots);
    // What was done by whom is not told apart: it would take a look-up for every table of every transaction.
    const all = { txn_type: '', db };
    this.#scraped.written.inc(all, metrics.loggedBytes);
    for (const { id, name, rows, bytes, indexes, rowsInserted, rowsDeleted } of metrics.tables) {
      const table = { table_id: id, table_name: name };
      this.#scraped.rows.set({ db, ...table }, rows);
      this.#scraped.bytes.set({ db, ...table }, bytes);
      this.#scraped.dataRows.set({ db, table_name: name }, rows);
      this.#scraped.dataBytes.set({ db, table_name: name }, bytes);
      this.#scraped.indexedRows.set({ db, table_name: name }, rows * indexes);
      this.#scraped.inserted.inc({ ...all, reducer_or_query: '', ...table }, rowsInserted);
      this.#scraped.deleted.inc({ ...all, reducer_or_query: '', ...table }, rowsDeleted);
    }
  }

  #readFunctions(db: string, metrics: DatabaseMetrics): void {
    const programHash = bytesToHex(metrics.programHash);
    const count = (type: string, reducer: string, committed: number, failed: number): void => {
      this.#scraped.transactions.inc({ txn_type: type, db, reducer, committed: 'true' }, committed);
      this.#scraped.transactions.inc({ txn_type: type, db, reducer, committed: 'false' }, failed);
    };
    for (const [reducer, { committed, failed, errors, traps, energyUsed }] of metrics.reducers) {
      count('Reducer', reducer, committed, failed);
      this.#scraped.fuel.inc({ db, reducer }, energyUsed);
      const labels = { database_identity: db, module_hash: programHash, reducer_symbol: reducer };
      this.#scraped.errors.inc(labels, errors);
      this.#scraped.traps.inc(labels, traps);
    }
    for (const [view, { succeeded, failed }] of metrics.views) {
      this.#scraped.viewCalls.inc({ db, view }, succeeded + failed);
    }
    this.#scraped.liveViews.set({ db }, metrics.liveViews);
    this.#scraped.scheduledRows.set({ db }, metrics.scheduledRows);
    for (const [name, { counts, sumSeconds }] of metrics.scheduledFunctionDelays) {
      this.#scraped.scheduleDelay.set({ db, function: name }, counts, sumSeconds);
    }
    const { instances, counts } = metrics.procedures;
    count('Procedure', '', counts.committed, counts.rolledBack);
    count('Sql', '', metrics.sql.succeeded, metrics.sql.failed);
    this.#scraped.instances.set({ database_identity: db, module_type: 'wasm' }, 1 + instances); // one runs the reducers
    this.#scraped.instanceBytes.set({ database_identity: db }, metrics.instanceBytes);
    this.#scraped.httpInProgress.set({ db }, counts.http.inProgress);
    for (const kind of HTTP_COUNTS) this.#scraped.http[kind].inc({ db }, counts.http[kind]);
  }

  #readSubscriptions(db: string, metrics: DatabaseMetrics): void {
    const database = { database_identity: db };
    this.#scraped.queries.set(database, metrics.liveQueries);
    this.#scraped.querySets.set(database, metrics.querySets);
    this.#scraped.subscribedClients.set(database, metrics.subscribedClients);
    this.#scraped.subscribedQueries.set(database, metrics.subscribedQueries);
    const { subscribed, started, evaluated, matched } = metrics.subscriptions;
    this.#scraped.subscribed.inc({ db }, subscribed);
    this.#scraped.started.inc({ db }, started);
    this.#scraped.evaluated.inc({ db }, evaluated);
    this.#scraped.matched.inc({ db }, matched);
  }
}

function declareMetrics(scraped: ScrapedMetrics) {
  const identity = 'database_identity';
  const table = ['db', 'table_id', 'table_name'];
  const changes = ['txn_type', 'db', 'reducer_or_query', 'table_id', 'table_name'];
  const failure = [identity, 'module_hash', 'reducer_symbol'];
  return {
    transactions: scraped.counter(
      'spacetime_num_txns_total',
      'Transactions of reducers and procedures, and statements of SQL.',
      'txn_type',
      'db',
      'reducer',
      'committed',
    ),
    errors: scraped.counter(
      'spacetime_worker_sender_errors_total',
      'Calls whose reducer returned an error.',
      ...failure,
    ),
    traps: scraped.counter('spacetime_worker_wasm_instance_errors_total', 'Calls that trapped.', ...failure),
    fuel: scraped.counter('reducer_wasmtime_fuel_used', 'Instructions that reducers executed.', 'db', 'reducer'),
    viewCalls: scraped.counter('view_calls', 'Runs of views, failed ones included.', 'db', 'view'),
    liveViews: scraped.gauge(
      'lightcone_live_views',
      'Views whose rows are kept up to date, counted for each caller who sees others.',
      'db',
    ),
    scheduleDelay: scraped.histogram(
      'spacetime_scheduled_function_delay_seconds',
      'How late scheduled functions began.',
      DELAY_BOUNDS_SECONDS,
      'db',
      'function',
    ),
    scheduledRows: scraped.gauge(
      'lightcone_scheduled_rows',
      'Rows of scheduled tables that wait for their time.',
      'db',
    ),
    rows: scraped.gauge('spacetime_num_table_rows', 'Rows of a table.', ...table),
    bytes: scraped.gauge('spacetime_table_size_bytes', 'Bytes that a table takes, with its indexes.', ...table),
    dataRows: scraped.gauge('spacetime_data_size_table_num_rows', 'Rows of a table.', 'db', 'table_name'),
    dataBytes: scraped.gauge(
      'spacetime_data_size_bytes_used_by_rows',
      'Bytes that a table takes, with its indexes.',
      'db',
      'table_name',
    ),
    indexedRows: scraped.gauge(
      'spacetime_data_size_table_num_rows_in_indexes',
      'Rows of a table, counted once for each of its indexes.',
      'db',
      'table_name',
    ),
    inserted: scraped.counter('spacetime_num_rows_inserted_total', 'Rows that were inserted.', ...changes),
    deleted: scraped.counter('spacetime_num_rows_deleted_total', 'Rows that were deleted.', ...changes),
    written: scraped.counter(
      'spacetime_num_bytes_written_total',
      'Bytes of the records that the log got.',
      'txn_type',
      'db',
    ),
    queries: scraped.gauge('spacetime_active_queries', 'Distinct queries that are kept up to date.', identity),
    querySets: scraped.gauge('spacetime_subscription_sets', 'Query sets of clients.', identity),
    subscribedClients: scraped.gauge(
      'spacetime_subscription_connections',
      'Clients that have subscriptions.',
      identity,
    ),
    subscribedQueries: scraped.gauge(
      'spacetime_query_subscriptions',
      'Queries, counted once for every client that follows them.',
      identity,
    ),
    subscribed: scraped.counter('spacetime_num_queries_subscribed', 'Queries that clients subscribed to.', 'db'),
    started: scraped.counter('spacetime_num_new_queries_subscribed', 'Those that nobody had then.', 'db'),
    evaluated: scraped.counter(
      'spacetime_num_delta_queries_evaluated',
      'Evaluations of followed queries on what a transaction changed.',
      'db',
    ),
    matched: scraped.counter('spacetime_num_delta_queries_matched', 'Those that changed a result.', 'db'),
    refused: scraped.counter(
      'lightcone_refused_requests_total',
      'Requests that a database refused, by the limit that they were over.',
      'db',
      'limit',
    ),
    unsyncedBytes: scraped.gauge('lightcone_unsynced_log_bytes', 'Bytes that wait to be synced.', 'db'),
    snapshots: new SnapshotMetrics(scraped),
    instances: scraped.gauge(
      'spacetime_module_instances',
      'Instances of a module, each with its memory.',
      identity,
      'module_type',
    ),
    instanceBytes: scraped.gauge(
      'spacetime_worker_wasm_memory_bytes',
      'Bytes that the memories of all instances of a module have grown to.',
      identity,
    ),
    httpInProgress: scraped.gauge(
      'spacetime_procedure_num_in_progress_http_requests',
      'HTTP requests of a module that are under way.',
      'db',
    ),
    http: {
      started: scraped.counter('spacetime_procedure_num_http_requests', 'HTTP requests of a module.', 'db'),
      succeeded: scraped.counter('spacetime_procedure_num_successful_http_requests', 'Those that were answered.', 'db'),
      failed: scraped.counter('spacetime_procedure_num_failed_http_requests', 'Those that were not.', 'db'),
      timedOut: scraped.counter('spacetime_procedure_num_timeout_http_requests', 'Those that took too long.', 'db'),
      requestBytes: scraped.counter('spacetime_procedure_http_request_size_bytes', 'Bytes of their bodies.', 'db'),
      responseBytes: scraped.counter('spacetime_procedure_http_response_size_bytes', 'Bytes of the answers.', 'db'),
    },
  };
}
