import { DEFAULT_LIMITS } from '@lightcone/host';
import type { RowType } from '@lightcone/sats';
import type { Store } from '@lightcone/store';
import { type Refusal, isOverload } from './admission.ts';
import { Catalog } from './catalog.ts';
import type { DatabaseOptions } from './database-options.ts';
import { ErrorBoundary } from './error-boundary.ts';
import { DEFAULT_MAX_UNSYNCED_BYTES, Door } from './limits/door.ts';
import type { LoadedModule, ModuleEnvironment } from './loaded-module.ts';
import { type DatabaseLogRecord, engineLogRecord } from './log-record.ts';
import type { RefusedConnections } from './metrics.ts';
import { ModuleData } from './module-data.ts';
import { Outbox } from './outbox.ts';
import { Procedures } from './procedures/procedures.ts';
import { CallerQueries } from './queries/caller-queries.ts';
import { IndexStatistics } from './queries/index-statistics.ts';
import { RowLimit } from './queries/row-limit.ts';
import { ImmediateCalls } from './scheduler/immediate-calls.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import type { RecoveredStore } from './snapshots/recover-store.ts';
import { SharedConnectionIds } from './shared-connection-ids.ts';
import { DEFAULT_SNAPSHOT_POLICY } from './snapshots/snapshot-policy.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { StoreRows } from './store-rows.ts';
import { Subscriptions } from './subscriptions/subscriptions.ts';
import { Transactions } from './transactions.ts';
import { Turns } from './turns.ts';
import { LiveViews } from './views/live-views.ts';
import { type InTransaction, QueriedViews } from './views/queried-views.ts';
import { ViewExpiry } from './views/view-expiry.ts';
import { ViewRunner } from './views/view-runner.ts';

/**
 * The parts of one database, wired. Those that keep its state know only the others that are passed to them here. Those
 * that call the module (`Procedures`, `Scheduler`, and the functions that take a `Core`) use nearly all of it: they are
 * made last.
 */
export class Core {
  readonly options: DatabaseOptions;
  readonly boundary: ErrorBoundary = new ErrorBoundary();
  readonly store: Store;
  readonly catalog: Catalog;
  readonly rows: StoreRows;
  /** The only way to rows for callers. */
  readonly queries: CallerQueries;
  readonly outbox: Outbox;
  readonly subscriptions: Subscriptions;
  readonly transactions: Transactions;
  readonly views: LiveViews;
  readonly viewExpiry: ViewExpiry;
  readonly immediateCalls: ImmediateCalls;
  readonly data: ModuleData;
  readonly moduleEnvironment: ModuleEnvironment;
  readonly turns: Turns;
  readonly procedures: Procedures;
  readonly scheduler: Scheduler;
  readonly door: Door;
  readonly sharedConnectionIds: SharedConnectionIds = new SharedConnectionIds();
  readonly refusedConnections: RefusedConnections = { rejected: 0, outOfEnergy: 0, diskFull: 0 };
  readonly snapshots: Snapshots | undefined;
  #module: LoadedModule | undefined;

  constructor(given: DatabaseOptions, recovered: RecoveredStore) {
    const options = withinBoundary(given, this.boundary);
    const { log, clock } = options;
    const { store } = recovered;
    this.options = options;
    this.store = store;
    this.catalog = new Catalog(store);
    this.rows = new StoreRows(store, this.catalog);
    this.outbox = new Outbox(options.deliver, log === undefined ? Number.POSITIVE_INFINITY : log.durableOffset);
    const maxUnsyncedBytes = options.maxUnsyncedBytes ?? DEFAULT_MAX_UNSYNCED_BYTES;
    this.door = new Door(options.rateLimits, maxUnsyncedBytes, log, this.outbox, clock);
    this.turns = new Turns(
      clock,
      options.defer,
      () => this.scheduler.runImmediateCalls(),
      () => {
        log?.flush();
        this.outbox.flush();
        this.snapshots?.consider();
      },
    );
    this.immediateCalls = new ImmediateCalls(this.turns, (functionName) =>
      this.logLine('Error', 'scheduled call: dropped, too many wait already', functionName),
    );
    this.data = new ModuleData(store, this.catalog, clock, this.immediateCalls);
    const runner = new ViewRunner(store, this.catalog, this.rows, this.data, options.identity);
    this.views = new LiveViews(this.catalog, runner, (viewName, message) => this.logLine('Error', message, viewName));
    const inTransaction: InTransaction = (work) => this.transactions.run(work);
    this.viewExpiry = new ViewExpiry(this.views, inTransaction, clock, options.timers, this.turns);
    const queriedViews = new QueriedViews(this.views, inTransaction, clock, this.viewExpiry);
    const rowLimit = new RowLimit(store, new IndexStatistics(store, this.catalog));
    this.queries = new CallerQueries(this.catalog, queriedViews, rowLimit);
    this.subscriptions = new Subscriptions(
      this.rows,
      this.outbox,
      this.queries,
      queriedViews,
      (run) =>
        options.defer(() => {
          if (this.turns.refusal === undefined) run();
        }),
      (query, error) => {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.logLine('Error', `a subscription could not be evaluated: ${query}: ${reason}`);
      },
    );
    const { commitTimes } = options;
    this.transactions = new Transactions(
      store,
      log,
      commitTimes && ((txOffset) => commitTimes.note(txOffset, Number(clock.nowMicros()))),
      this.outbox,
      this.subscriptions,
      this.views,
      (delta, inputs) => this.scheduler.committed(delta, inputs),
    );
    this.snapshots = this.#makeSnapshots(recovered);
    this.moduleEnvironment = {
      calls: this.data,
      limits: options.limits ?? DEFAULT_LIMITS,
      databaseIdentity: options.identity,
      log: options.moduleLog,
      clock,
    };
    this.procedures = new Procedures(this);
    this.scheduler = new Scheduler(this);
  }

  #makeSnapshots({ captures, snapshot, replayedBytes }: RecoveredStore): Snapshots | undefined {
    const { snapshots, log, identity, clock, defer } = this.options;
    if (snapshots === undefined || log === undefined) return undefined;
    const { store, policy = DEFAULT_SNAPSHOT_POLICY, archivedBefore = () => Number.POSITIVE_INFINITY } = snapshots;
    const source = { identity, log, transactions: this.transactions, captures, store, clock, defer };
    return new Snapshots(source, policy, { snapshot, replayedBytes }, archivedBefore, (message) =>
      this.logLine('Error', message),
    );
  }

  /** Whether nothing can be written, as the disk was full when the database was opened. */
  get isReadOnly(): boolean {
    return this.options.log?.fullDisk !== undefined;
  }

  /** The module that runs. There is none before the database is open. */
  get module(): LoadedModule {
    if (this.#module === undefined) throw new Error('no module runs yet');
    return this.#module;
  }

  /** From here on calls are this module's. */
  run(module: LoadedModule): void {
    this.#module = module;
  }

  /** The type of a table's or view's rows as clients see them. @throws StoreError `STORE_UNKNOWN_TABLE` */
  clientRowType(tableId: number): RowType {
    return this.views.findView(tableId)?.row ?? this.store.table(tableId).definition.row;
  }

  /** Adds a line of the engine's own to the database's log. */
  logLine(level: DatabaseLogRecord['level'], message: string, functionName?: string): void {
    this.options.moduleLog(engineLogRecord(this.options.clock, level, message, functionName));
  }

  /** Tells the owner of a call that was refused. What is overload is counted only: to log it would be more of it. */
  logRefusal(refusal: Refusal, functionName: string): void {
    if (!isOverload(refusal)) this.logLine('Error', refusal.message, functionName);
  }
}

/** What the database does by itself is deferred or woken. */
function withinBoundary(options: DatabaseOptions, boundary: ErrorBoundary): DatabaseOptions {
  const { defer, timers } = options;
  return {
    ...options,
    defer: (run) => defer(boundary.alone(run)),
    timers: { wakeAt: (timeMicros, run) => timers.wakeAt(timeMicros, boundary.alone(run)) },
  };
}
