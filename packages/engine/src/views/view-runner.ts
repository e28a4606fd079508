import type { Caller, ViewOutcome } from '@lightcone/host';
import { QueryError, type RowSource, visitRows } from '@lightcone/query';
import { ByteReader, type Identity, SatsError } from '@lightcone/sats';
import type { Store, Transaction } from '@lightcone/store';
import type { Catalog } from '../catalog.ts';
import { FATAL_ERROR_TEXT } from '../errors.ts';
import type { LoadedModule } from '../loaded-module.ts';
import type { ModuleData } from '../module-data.ts';
import { BackingRows } from './backing-rows.ts';
import type { LiveView } from './live-view.ts';
import { ReadSet } from './read-set.ts';
import { type ViewFailure, isViewFailure } from './view-failure.ts';
import { planViewQuery } from './view-query.ts';
import type { View } from './view.ts';

/** What a run of a view has come to. */
export interface ViewRun {
  /** What the rows were made from; of a view that failed, what it had read by then. */
  readonly reads: ReadSet;
  /** Why it failed; the instance has no rows then. */
  readonly failure: ViewFailure | undefined;
}

/** Runs views, and puts what they return in the place of what they returned before. */
export class ViewRunner {
  readonly #catalog: Catalog;
  readonly #source: RowSource;
  readonly #data: ModuleData;
  readonly #databaseIdentity: Identity;
  readonly #rows: BackingRows;

  /** @param data what the module reads from */
  constructor(store: Store, catalog: Catalog, source: RowSource, data: ModuleData, databaseIdentity: Identity) {
    this.#catalog = catalog;
    this.#source = source;
    this.#data = data;
    this.#databaseIdentity = databaseIdentity;
    this.#rows = new BackingRows(store);
  }

  /**
   * Runs the view of an instance and replaces the instance's rows, all in `transaction`. Of the instance
   * itself nothing changes but the query that it remembers.
   */
  run(transaction: Transaction, module: LoadedModule, view: View, live: LiveView): ViewRun {
    const reads = new ReadSet();
    const outcome = this.#call(transaction, module, view, live.sender, reads);
    const rows = this.#rows;
    rows.begin(transaction, view.tableId, live.argHash);
    let failure: ViewFailure | undefined;
    try {
      failure = this.#takeRows(view, live, outcome, reads);
    } catch (error) {
      if (!(error instanceof QueryError || error instanceof SatsError)) throw error;
      // It may name tables and columns that callers must not see.
      failure = { message: UNUSABLE_ANSWER, detail: error.message };
    }
    if (failure !== undefined) rows.begin(transaction, view.tableId, live.argHash); // without those that it had taken
    rows.end();
    return { reads, failure };
  }

  /** Deletes the rows of an instance. */
  clear(transaction: Transaction, tableId: number, argHash: Uint8Array): void {
    this.#rows.begin(transaction, tableId, argHash);
    this.#rows.end();
  }

  #call(
    transaction: Transaction,
    module: LoadedModule,
    view: View,
    sender: Caller | undefined,
    reads: ReadSet,
  ): ViewOutcome {
    const data = this.#data;
    const { transaction: before } = data;
    data.transaction = transaction;
    data.reads = reads;
    try {
      return module.callView(view.def, sender);
    } finally {
      data.transaction = before;
      data.reads = undefined;
    }
  }

  /** @throws QueryError, SatsError when what the view returned makes no rows */
  #takeRows(view: View, live: LiveView, outcome: ViewOutcome, reads: ReadSet): ViewFailure | undefined {
    switch (outcome.kind) {
      case 'rows':
        this.#takeArray(view, outcome.array);
        return undefined;
      case 'sql':
        if (outcome.sql.trim() !== '') this.#takeQuery(view, live, outcome.sql, reads);
        return undefined;
      case 'error':
        return { message: outcome.message, detail: outcome.message };
      case 'outOfEnergy':
        return { message: 'it ran out of energy', detail: 'the view was stopped: it used up its budget of energy' };
      case 'trapped': {
        const { cause } = outcome;
        // What our own side threw is no failure of the module's: the database has to stop.
        if (cause !== undefined && !isViewFailure(cause)) throw cause;
        return { message: FATAL_ERROR_TEXT, detail: `the view trapped: ${outcome.message}` };
      }
    }
  }

  /** The array is a count, then the rows; what follows is ignored. */
  #takeArray(view: View, array: Uint8Array): void {
    try {
      let at = LENGTH_BYTES;
      for (let left = new ByteReader(array).u32(); left > 0; left--) {
        const end = view.row.validate(array, at, array.length);
        this.#rows.row(array, at, end);
        if (end === at) break; // rows without bytes are all the same one
        at = end;
      }
    } catch (error) {
      if (!(error instanceof SatsError)) throw error;
      const message = `Error deserializing rows returned by view: ${error.message}`;
      throw new SatsError(error.code, message, { cause: error });
    }
  }

  #takeQuery(view: View, live: LiveView, sql: string, reads: ReadSet): void {
    if (live.query?.sql !== sql || live.query.view !== view) {
      live.query = { sql, plan: planViewQuery(sql, view, this.#catalog), view };
    }
    const { plan } = live.query;
    for (const tableId of plan.tableIds) reads.addTable(tableId);
    visitRows(plan, this.#source, this.#databaseIdentity.bytes, {
      row: (bytes, start, end) => {
        this.#rows.row(bytes, start, end);
        return true;
      },
    });
  }
}

const LENGTH_BYTES = 4;
const UNUSABLE_ANSWER = 'it returned what it may not; why is in the log of the database';
