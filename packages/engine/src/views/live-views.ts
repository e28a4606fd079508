import type { Caller } from '@lightcone/host';
import { bytesToHex } from '@lightcone/sats';
import type { Transaction } from '@lightcone/store';
import type { Catalog } from '../catalog.ts';
import type { LoadedModule } from '../loaded-module.ts';
import { LiveView } from './live-view.ts';
import { ReaderIndex } from './reader-index.ts';
import { failedView } from './view-failure.ts';
import type { ViewRun, ViewRunner } from './view-runner.ts';
import { type View, findViews } from './view.ts';

/** What a view that fails does to the transaction that concerns it. */
export type OnViewFailure = 'failTransaction' | 'emptyView';

/**
 * The instances of views whose rows are kept, each with what the rows were made from.
 *
 * Views run inside transactions, and what comes of it counts when the transaction does:
 *
 *     begun ─ (create, runAll, remove) ─ refresh ─ committed
 *       └── the transaction rolls back: nothing has happened
 */
export class LiveViews {
  readonly #catalog: Catalog;
  readonly #runner: ViewRunner;
  readonly #log: (viewName: string, message: string) => void;
  #module: LoadedModule | undefined;
  #views: ReadonlyMap<number, View> = new Map();
  readonly #liveByKey = new Map<string, LiveView>();
  readonly #readers = new ReaderIndex<LiveView>();
  /** Those without subscribers, the one that was used longest ago first. */
  readonly #unused = new Set<LiveView>();

  // What the open transaction did.
  readonly #runs = new Map<LiveView, ViewRun>();
  readonly #createdByKey = new Map<string, LiveView>();
  readonly #removed = new Set<LiveView>();
  #haveAllRun = false;
  readonly #stale = new Set<LiveView>();

  /** @param log takes why a view failed, for the owner */
  constructor(catalog: Catalog, runner: ViewRunner, log: (viewName: string, message: string) => void) {
    this.#catalog = catalog;
    this.#runner = runner;
    this.#log = log;
  }

  /** Instances whose rows are kept. */
  get count(): number {
    return this.#liveByKey.size;
  }

  /** When the instance without subscribers that is longest unused was used; undefined if there is none. */
  get unusedSinceMicros(): bigint | undefined {
    for (const { lastUsedMicros } of this.#unused) return lastUsedMicros;
    return undefined;
  }

  /** From now on views are those of this module; they have been created, and the catalog knows them. */
  load(module: LoadedModule): void {
    this.#module = module;
    this.#views = findViews(module.def.views, this.#catalog);
  }

  /** The view whose rows a table holds. */
  findView(tableId: number): View | undefined {
    return this.#views.get(tableId);
  }

  find(tableId: number, argHash: Uint8Array): LiveView | undefined {
    return this.#liveByKey.get(keyOf(tableId, argHash));
  }

  // ---- What transactions do ----

  /** A transaction begins; what the one before did and `committed` did not take over is forgotten. */
  begun(): void {
    if (this.#runs.size > 0) this.#runs.clear();
    if (this.#createdByKey.size > 0) this.#createdByKey.clear();
    if (this.#removed.size > 0) this.#removed.clear();
    this.#haveAllRun = false;
  }

  /**
   * Makes an instance and its rows, or the rows of one that has failed; once.
   * @throws EngineError `ENGINE_VIEW_FAILED`; the transaction must be rolled back then
   */
  create(transaction: Transaction, tableId: number, argHash: Uint8Array, sender: Caller | undefined): void {
    const key = keyOf(tableId, argHash);
    if (this.#createdByKey.has(key)) return;
    const live = this.#liveByKey.get(key) ?? new LiveView(tableId, argHash, sender);
    this.#createdByKey.set(key, live);
    this.#run(transaction, live, 'failTransaction');
  }

  /**
   * Runs every instance anew whose view is still there, whatever it has read: the module is another.
   * @throws EngineError `ENGINE_VIEW_FAILED`; the transaction must be rolled back then
   */
  runAll(transaction: Transaction): void {
    for (const live of this.#liveByKey.values()) {
      if (this.#views.has(live.tableId)) this.#run(transaction, live, 'failTransaction');
    }
    this.#haveAllRun = true;
  }

  /**
   * Runs every instance anew, once, that has read something which the transaction changed.
   * @throws EngineError `ENGINE_VIEW_FAILED` unless told otherwise; the transaction must be rolled back then
   */
  refresh(transaction: Transaction, onFailure: OnViewFailure): void {
    if (this.#readers.isEmpty || this.#haveAllRun) return;
    const stale = this.#stale;
    for (const touched of transaction.touched) this.#readers.collect(touched, stale);
    if (stale.size === 0) return;
    try {
      for (const live of stale) this.#run(transaction, live, onFailure);
    } finally {
      stale.clear();
    }
  }

  /** Removes instances without subscribers that have not been used since then, until it is enough. */
  removeUnused(transaction: Transaction, sinceMicros: bigint, maxCount: number, isTimeUp: () => boolean): void {
    for (const live of this.#unused) {
      if (live.lastUsedMicros > sinceMicros || this.#removed.size === maxCount || isTimeUp()) break;
      this.#runner.clear(transaction, live.tableId, live.argHash);
      this.#removed.add(live);
    }
  }

  /** The transaction is committed. */
  committed(): void {
    if (this.#runs.size === 0 && this.#removed.size === 0 && !this.#haveAllRun) return;
    for (const [live, { reads, failure }] of this.#runs) {
      this.#readers.remove(live, live.reads);
      this.#readers.add(live, reads);
      live.reads = reads;
      live.hasFailed = failure !== undefined;
      this.#liveByKey.set(keyOf(live.tableId, live.argHash), live);
      if (live.subscriberCount === 0) this.#unused.add(live);
    }
    for (const live of this.#removed) this.#forget(live);
    if (this.#haveAllRun) {
      for (const live of this.#liveByKey.values()) if (!this.#views.has(live.tableId)) this.#forget(live);
    }
    this.begun();
  }

  // ---- Who uses them ----

  /** An instance is read now. */
  use(live: LiveView, nowMicros: bigint): void {
    live.lastUsedMicros = nowMicros;
    if (live.subscriberCount > 0) return;
    // Last in the order.
    this.#unused.delete(live);
    this.#unused.add(live);
  }

  /** A query of a client reads the instance from now on. */
  retain(live: LiveView): void {
    live.subscriberCount++;
    this.#unused.delete(live);
  }

  /** The counterpart of `retain`. */
  release(live: LiveView, nowMicros: bigint): void {
    live.subscriberCount--;
    this.use(live, nowMicros);
  }

  #run(transaction: Transaction, live: LiveView, onFailure: OnViewFailure): void {
    const view = this.#views.get(live.tableId);
    if (view === undefined || this.#module === undefined) throw new Error(`table ${live.tableId} has lost its view`);
    const run = this.#runner.run(transaction, this.#module, view, live);
    if (run.failure !== undefined) {
      this.#log(view.def.name, run.failure.detail);
      if (onFailure === 'failTransaction') throw failedView(view.def, run.failure);
    }
    this.#runs.set(live, run);
  }

  #forget(live: LiveView): void {
    this.#readers.remove(live, live.reads);
    this.#liveByKey.delete(keyOf(live.tableId, live.argHash));
    this.#unused.delete(live);
  }
}

function keyOf(tableId: number, argHash: Uint8Array): string {
  return `${tableId}:${bytesToHex(argHash)}`;
}
