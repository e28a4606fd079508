import { type RowList, type TableRows, type TableUpdate, rowStart } from '@lightcone/protocol';
import { type RowType, bytesToHex } from '@lightcone/sats';
import type { EngineError } from '../errors.ts';
import { type Row, decodeRows } from './row.ts';
import { tellProgram } from './tell-program.ts';

/** What one transaction changed in a subscription. An updated row is a delete and an insert. */
export interface SubscriptionChange {
  readonly table: string;
  readonly inserts: readonly Row[];
  readonly deletes: readonly Row[];
}

interface CachedRow {
  readonly row: Row;
  /** How many of the queries, or partners in a join, yield the row. */
  count: number;
}

/** The rows of a set of queries, kept up to date. */
export class Subscription {
  readonly #rowTypeOf: (table: string) => RowType;
  readonly #unsubscribe: () => Promise<void>;
  /** By table, then by the row's bytes. */
  readonly #rowsByTable = new Map<string, Map<string, CachedRow>>();
  readonly #listeners = new Set<(changes: readonly SubscriptionChange[]) => void>();
  readonly #ended = Promise.withResolvers<EngineError>();
  #failure: EngineError | undefined;

  /** @internal Subscriptions come from `Session.subscribe`. */
  constructor(rowTypeOf: (table: string) => RowType, unsubscribe: () => Promise<void>) {
    this.#rowTypeOf = rowTypeOf;
    this.#unsubscribe = unsubscribe;
  }

  /**
   * Resolves when the subscription ends otherwise than by `unsubscribe`, with why: an update may leave its queries no
   * meaning (`ENGINE_QUERY_FAILED`), or the session has ended (`ENGINE_CLOSED`).
   */
  get ended(): Promise<EngineError> {
    return this.#ended.promise;
  }

  /**
   * The rows of a table as of the last transaction that is known here; in no order.
   * @throws EngineError that of `ended`, if there is one: they are not kept up to date any more
   */
  rows(table: string): Row[] {
    if (this.#failure !== undefined) throw this.#failure;
    return [...(this.#rowsByTable.get(table)?.values() ?? [])].map(({ row }) => row);
  }

  /** Calls `listener` after each transaction that changed something here. @returns what ends that */
  onChange(listener: (changes: readonly SubscriptionChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the subscription; its rows stay as they are. */
  unsubscribe(): Promise<void> {
    return this.#unsubscribe();
  }

  /** @internal */
  applied(tables: readonly TableRows[]): void {
    for (const { table, rows } of tables) this.#add(table, rows, 1);
  }

  /** @internal */
  fail(error: EngineError): void {
    this.#failure = error;
    this.#ended.resolve(error);
  }

  /** @internal */
  changed(updates: readonly TableUpdate[]): void {
    const changes = updates.map(({ table, changes: parts }): SubscriptionChange => {
      // Joined by `flat`: a transaction may have more rows than a call takes arguments.
      const inserts: Row[][] = [];
      const deletes: Row[][] = [];
      for (const part of parts) {
        if (part.tag === 'EventTable') inserts.push(decodeRows(part.events, this.#rowTypeOf(table)));
        else {
          inserts.push(this.#add(table, part.inserts, 1));
          deletes.push(this.#add(table, part.deletes, -1));
        }
      }
      return { table, inserts: inserts.flat(), deletes: deletes.flat() };
    });
    for (const listener of this.#listeners) tellProgram(listener, changes);
  }

  #add(table: string, list: RowList, weight: 1 | -1): Row[] {
    const rows = decodeRows(list, this.#rowTypeOf(table));
    let cached = this.#rowsByTable.get(table);
    if (cached === undefined) this.#rowsByTable.set(table, (cached = new Map()));
    for (const [i, row] of rows.entries()) {
      const key = bytesToHex(list.data.subarray(rowStart(list, i), rowStart(list, i + 1)));
      const entry = cached.get(key);
      if (entry === undefined) cached.set(key, { row, count: weight });
      else if ((entry.count += weight) === 0) cached.delete(key);
    }
    return rows;
  }
}
