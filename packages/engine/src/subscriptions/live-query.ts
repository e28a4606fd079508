import { beginEventChanges, beginPersistentChanges, type RowListWriter } from '@lightcone/protocol';
import { type TablePlan, hiddenBytes } from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import type { PointerList, Table, TableDelta } from '@lightcone/store';
import type { QuerySet } from './query-set.ts';

/**
 * A query that somebody subscribes to: evaluated once per transaction, its changes encoded once,
 * however many clients share it.
 */
export class LiveQuery {
  /** Unique while the database runs. */
  readonly number: number;
  /** Under which it is shared; see `Subscriptions`. */
  readonly key: string;
  readonly plan: TablePlan;
  readonly tableName: string;
  /** The caller's identity, 32 bytes, where the query speaks of `:sender`. */
  readonly sender: Uint8Array;
  /** Of a stored row, these at its start are not for clients. */
  readonly #hiddenBytes: number;
  readonly querySets: Set<QuerySet> = new Set();
  /** Whether the transaction being evaluated changed the result; if so, where its changes are encoded. */
  isChanged = false;
  changesStart = 0;
  changesEnd = 0;

  constructor(number: number, key: string, plan: TablePlan, sender: Uint8Array) {
    this.number = number;
    this.key = key;
    this.plan = plan;
    this.tableName = plan.table.name;
    this.sender = sender;
    this.#hiddenBytes = hiddenBytes(plan.table);
  }

  /**
   * Evaluates the query on a transaction's changes to its table: for a selection, `inserts = σ(R⁺)`
   * and `deletes = σ(R⁻)`. Appends them to `target` as the update of one plan, or nothing.
   */
  evaluate(delta: TableDelta, target: ByteWriter, rowList: RowListWriter): void {
    const start = target.length;
    const isEvent = delta.table.definition.isEvent;
    if (isEvent) beginEventChanges(target);
    else beginPersistentChanges(target);
    let count = this.#writeMatching(delta.table, delta.inserts, target, rowList);
    if (!isEvent) count += this.#writeMatching(delta.table, delta.deletes, target, rowList);
    this.isChanged = count > 0;
    if (!this.isChanged) target.truncate(start);
    this.changesStart = start;
    this.changesEnd = target.length;
  }

  #writeMatching(table: Table, rows: PointerList, target: ByteWriter, rowList: RowListWriter): number {
    const { matches } = this.plan;
    rowList.begin(target);
    for (let i = 0; i < rows.length; i++) {
      const row = rows.at(i);
      const bytes = table.bytes(row);
      const start = table.start(row);
      if (matches === undefined || matches(bytes, start, this.sender)) {
        rowList.row(bytes, start + this.#hiddenBytes, table.end(row));
      }
    }
    return rowList.end();
  }
}
