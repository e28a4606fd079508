import { beginEventChanges, beginPersistentChanges, type RowListWriter } from '@lightcone/protocol';
import {
  type JoinEvaluator,
  type JoinPlan,
  type RowSource,
  type RowsPlan,
  type TableInterest,
  type TablePlan,
  hiddenBytes,
  isWide,
} from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import type { PointerList, Table } from '@lightcone/store';
import type { CommittedChanges } from './committed-changes.ts';
import type { PlannedQuery } from './planned-query.ts';
import type { QuerySet } from './query-set.ts';

/** What live queries are evaluated with; one for all of a database. */
export interface Evaluation {
  /** The state after the transaction. */
  readonly rows: RowSource;
  readonly changes: CommittedChanges;
  readonly joins: JoinEvaluator;
  readonly rowList: RowListWriter;
  /** Where the changes of all queries are encoded, one after the other. */
  readonly target: ByteWriter;
}

/**
 * A query that somebody subscribes to: evaluated once per transaction, its changes encoded once,
 * however many clients share it.
 */
export class LiveQuery {
  /** Unique while the database runs. */
  readonly number: number;
  /** Under which it is shared; see `Subscriptions`. */
  readonly key: string;
  /** Its SQL. */
  readonly text: string;
  readonly plan: RowsPlan;
  /** Which changed rows matter to it. */
  readonly interests: readonly TableInterest[];
  readonly tableName: string;
  /** The caller's identity, 32 bytes, where the query speaks of `:sender`. */
  readonly sender: Uint8Array;
  /** Of a stored row, these at its start are not for clients. */
  readonly #hiddenBytes: number;
  readonly querySets: Set<QuerySet> = new Set();
  /** Whether any changed row of some table may concern it. */
  readonly isWide: boolean;
  /** The number of the last transaction that may have concerned it. */
  transaction = -1;
  /** The changed rows of its table that may matter, where they are known; else any may. */
  readonly #inserts: number[] = [];
  readonly #deletes: number[] = [];
  /**
   * Whether the transaction being evaluated changed the result; if so, where its changes are encoded, as v2 has them:
   * a byte for their kind, then the list of inserts (or events), then that of deletes.
   */
  isChanged = false;
  changesStart = 0;
  deletesStart = 0;
  changesEnd = 0;
  changedRows = 0;

  constructor(number: number, key: string, { text, plan, interests }: PlannedQuery, sender: Uint8Array) {
    this.number = number;
    this.key = key;
    this.text = text;
    this.plan = plan;
    this.interests = interests;
    this.isWide = isWide(interests);
    this.tableName = plan.table.name;
    this.sender = sender;
    this.#hiddenBytes = hiddenBytes(plan.table);
  }

  /** Says that a transaction may concern the query. @returns whether it is the first time for this transaction */
  begin(transaction: number): boolean {
    if (this.transaction === transaction) return false;
    this.transaction = transaction;
    this.#inserts.length = 0;
    this.#deletes.length = 0;
    return true;
  }

  /**
   * Says that a changed row of its table may matter; then only those that were said do. The same row may come several
   * times, with no other in between.
   */
  route(row: number, isInsert: boolean): void {
    const rows = isInsert ? this.#inserts : this.#deletes;
    if (rows.length === 0 || rows[rows.length - 1] !== row) rows.push(row);
  }

  /** Evaluates the query on a transaction's changes. Appends what becomes of them as the update of one plan, or nothing. */
  evaluate(evaluation: Evaluation): void {
    const { target } = evaluation;
    const { plan } = this;
    const start = target.length;
    if (plan.table.isEvent) beginEventChanges(target);
    else beginPersistentChanges(target);
    const count = plan.kind === 'table' ? this.#evaluateTable(plan, evaluation) : this.#evaluateJoin(plan, evaluation);
    this.isChanged = count > 0;
    this.changedRows = count;
    if (!this.isChanged) target.truncate(start);
    this.changesStart = start;
    this.changesEnd = target.length;
  }

  /** For a selection, `inserts = σ(R⁺)` and `deletes = σ(R⁻)`. */
  #evaluateTable(plan: TablePlan, { changes, target, rowList }: Evaluation): number {
    const delta = changes.find(plan.table.id);
    if (delta === undefined) return 0;
    const isRouted = this.#inserts.length + this.#deletes.length > 0;
    let count = this.#writeMatching(plan, delta.table, isRouted ? this.#inserts : delta.inserts, target, rowList);
    this.deletesStart = target.length;
    if (plan.table.isEvent) return count;
    count += this.#writeMatching(plan, delta.table, isRouted ? this.#deletes : delta.deletes, target, rowList);
    return count;
  }

  #writeMatching(
    { matches }: TablePlan,
    table: Table,
    rows: PointerList | readonly number[],
    target: ByteWriter,
    rowList: RowListWriter,
  ): number {
    rowList.begin(target);
    for (let i = 0; i < rows.length; i++) {
      const row = rows.at(i)!; // in range
      const bytes = table.bytes(row);
      const start = table.start(row);
      if (matches === undefined || matches(bytes, start, this.sender)) {
        rowList.row(bytes, start + this.#hiddenBytes, table.end(row));
      }
    }
    return rowList.end();
  }

  #evaluateJoin(plan: JoinPlan, { rows, changes, joins, target, rowList }: Evaluation): number {
    const changed = joins.evaluate(plan, rows, changes, this.sender);
    const writer = {
      row(bytes: Uint8Array, start: number, end: number): boolean {
        rowList.row(bytes, start, end);
        return true;
      },
    };
    rowList.begin(target);
    changed.visit(1, writer);
    let count = rowList.end();
    this.deletesStart = target.length;
    if (plan.table.isEvent) return count;
    rowList.begin(target);
    changed.visit(-1, writer);
    count += rowList.end();
    return count;
  }
}
