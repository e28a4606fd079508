import type { Caller } from '@lightcone/host';
import type { RowsPlan } from '@lightcone/query';
import { ReadSet } from './read-set.ts';
import type { View } from './view.ts';

/** A query that a view returned. */
export interface PlannedQuery {
  readonly sql: string;
  readonly plan: RowsPlan;
  /** For which it was planned: with another module, or other tables, it is another one. */
  readonly view: View;
}

/**
 * An instance of a view whose rows are kept up to date: for one caller, or for all of them if the view
 * is anonymous.
 */
export class LiveView {
  /** Of the table that holds the rows. */
  readonly tableId: number;
  /** Says in the table's first column which rows are this instance's. */
  readonly argHash: Uint8Array;
  /** For whom it is; undefined if the view is anonymous. */
  readonly sender: Caller | undefined;
  /** What the rows were made from. */
  reads: ReadSet = new ReadSet();
  /** The query that the view returned last, if it returns queries: it mostly returns the same again. */
  query: PlannedQuery | undefined = undefined;
  /** Whether the view failed where it could not fail the transaction: there are no rows then. */
  hasFailed = false;
  /** How many queries of clients read it. */
  subscriberCount = 0;
  /** When it was last read or lost its last subscriber. */
  lastUsedMicros = 0n;

  constructor(tableId: number, argHash: Uint8Array, sender: Caller | undefined) {
    this.tableId = tableId;
    this.argHash = argHash;
    this.sender = sender;
  }
}
