import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Counter } from 'prom-client';
import type { Archive } from '../copies/archive.ts';
import type { Backups } from '../copies/backups.ts';
import type { Databases } from '../databases.ts';
import type { PostgresCounts } from '../postgres/postgres-gateway.ts';
import { ConnectionMetrics } from './connection-metrics.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { REQUEST_BOUNDS_SECONDS } from './request-times.ts';
import type { RequestTimes } from './request-times.ts';
import { ScrapedMetrics } from './scraped-metrics.ts';

/**
 * The server's metrics, under the names that dashboards of the reference know where it has them.
 *
 * Whatever happens is counted in plain numbers elsewhere, which are read when somebody asks: until then nothing of this
 * is loaded.
 */
export class Metrics {
  readonly #databases: Databases;
  readonly #archive: Archive | undefined;
  readonly #backups: Backups | undefined;
  readonly #requestTimes: RequestTimes;
  readonly #readPostgres: () => PostgresCounts | undefined;
  readonly #registry = new Registry();
  #hasProcessMetrics = false;
  readonly #scraped = new ScrapedMetrics(this.#registry);
  readonly #requestSeconds = this.#scraped.histogram(
    'lightcone_http_request_seconds',
    'Time from an HTTP request to its answer.',
    REQUEST_BOUNDS_SECONDS,
    'route',
    'method',
    'status',
  );
  readonly #connections = new ConnectionMetrics(this.#scraped);
  readonly #engines = new EngineMetrics(this.#scraped);
  readonly #moduleLogBytes = this.#scraped.gauge(
    'spacetime_module_log_file_size_bytes',
    'Bytes that a database keeps of what its module logged.',
    'db',
  );
  readonly #archiveLag = this.#scraped.gauge(
    'lightcone_archive_lag_transactions',
    'Durable transactions that were not in the archive after the last attempt; 0 before the first.',
    'db',
  );
  readonly #archiveSuccess = this.#scraped.gauge(
    'lightcone_archive_last_success_timestamp_seconds',
    'When everything durable was last brought to the archive.',
    'db',
  );
  readonly #archiveFailures = this.#scraped.counter(
    'lightcone_archive_failures_total',
    'Attempts to bring the archive up to date that failed.',
    'db',
  );
  readonly #backupSuccess = this.#scraped.gauge(
    'lightcone_backup_last_success_timestamp_seconds',
    'When the last backup was finished since the server started.',
    'db',
  );
  readonly #postgresSessions = this.#scraped.gauge(
    'lightcone_postgres_sessions',
    'Clients of the port for PostgreSQL clients.',
  );
  readonly #postgresStatements = this.#scraped.counter(
    'lightcone_postgres_statements_total',
    'Statements of PostgreSQL clients that were answered.',
    'outcome',
  );

  /** @param readPostgres what the port for PostgreSQL clients has counted; undefined while there is none */
  constructor(
    databases: Databases,
    archive: Archive | undefined,
    backups: Backups | undefined,
    requestTimes: RequestTimes,
    readPostgres: () => PostgresCounts | undefined,
  ) {
    this.#databases = databases;
    this.#archive = archive;
    this.#backups = backups;
    this.#requestTimes = requestTimes;
    this.#readPostgres = readPostgres;
  }

  /** Prometheus text exposition. */
  async text(): Promise<string> {
    if (!this.#hasProcessMetrics) {
      // Not before somebody asks: they wake the process a hundred times a second.
      collectDefaultMetrics({ register: this.#registry });
      countEarlierCpuTime(this.#registry);
      this.#hasProcessMetrics = true;
    }
    // Databases that stop meanwhile, or that a call of a module holds up, are left out: the others are not to be missed.
    const databases = this.#databases.started();
    const inside = await Promise.all(
      databases.map(({ thread }) => withinPatience(thread.request('metrics', undefined)).catch(() => undefined)),
    );
    const logBytes = await Promise.all(databases.map(({ identity }) => this.#databases.moduleLogBytes(identity)));
    this.#scraped.reset();
    for (const { labels, counts, seconds } of this.#requestTimes.all())
      this.#requestSeconds.set(labels, counts, seconds);
    databases.forEach((database, i) => {
      const metrics = inside[i];
      this.#connections.read(database);
      this.#moduleLogBytes.set({ db: database.identity }, logBytes[i] ?? 0);
      if (metrics === undefined) return;
      this.#engines.read(database.identity, metrics);
      const { rejected, outOfEnergy, diskFull } = metrics.refusedConnections;
      this.#connections.countRejections(database.identity, 'client_connected_rejected', rejected);
      this.#connections.countRejections(database.identity, 'out_of_energy', outOfEnergy);
      this.#connections.countRejections(database.identity, 'disk_full', diskFull);
    });
    for (const [identity, counts] of this.#databases.startCounts) this.#connections.readStarts(identity, counts);
    this.#readCopies();
    const postgres = this.#readPostgres();
    if (postgres !== undefined) {
      this.#postgresSessions.set(postgres.sessions);
      this.#postgresStatements.inc({ outcome: 'succeeded' }, postgres.statements.succeeded);
      this.#postgresStatements.inc({ outcome: 'failed' }, postgres.statements.failed);
    }
    return this.#registry.metrics();
  }

  #readCopies(): void {
    for (const status of this.#archive?.statuses ?? []) {
      const db = status.record.identity;
      this.#archiveLag.set({ db }, Math.max(0, status.durableTxOffset + 1 - status.endTxOffset));
      if (status.lastSuccessAt !== undefined) this.#archiveSuccess.set({ db }, status.lastSuccessAt / 1000);
      this.#archiveFailures.inc({ db }, status.failures);
    }
    for (const [db, at] of this.#backups?.finishedAt ?? []) this.#backupSuccess.set({ db }, at / 1000);
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

/** What the process took before its metrics were begun: they count from there. */
function countEarlierCpuTime(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  const micros = { user_seconds: user, system_seconds: system, seconds: user + system };
  for (const [name, spent] of Object.entries(micros)) {
    (registry.getSingleMetric(`process_cpu_${name}_total`) as Counter).inc(spent / 1e6);
  }
}
