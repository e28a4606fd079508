import type { ChangeLog } from '../change-log.ts';
import { LocalError } from '../errors.ts';
import type { ChangeBatch } from '../log/change-batch.ts';
import type { HistoryEntry } from '../log/history.ts';
import type { LiveOptions, Subscription } from '../live/live-query.ts';
import type { ParkedEntity } from '../merge-result.ts';
import type { RowOf, Schema } from '../schema/schema.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { fragmentOf } from '../sql/sql.ts';
import type { CompiledQuery, SqlFragment } from '../sql/sql.ts';
import { openStore } from '../store/open-store.ts';
import type { OpenOptions } from '../store/open-store.ts';
import type { ClockSkew, Commit } from '../store/store.ts';
import { LocalConnection } from './local-connection.ts';
import type { Operation } from './operation.ts';
import { tableHandles } from './table-handles.ts';
import type { TablesSync } from './table-handles.ts';

/** What can be done in a transaction, and outside as one of its own. */
export interface ScopeSync {
  /** @throws LocalError `LOCAL_INVALID_SQL` if it writes, `LOCAL_SQL_FAILED` */
  query<Row>(query: SqlFragment<Row> | CompiledQuery): Row[];
  /** Runs a statement that writes. What it does to declared tables is logged. @returns the number of rows changed */
  exec(statement: SqlFragment<unknown> | CompiledQuery): number;
}

export type TransactionSync<S extends Schema> = ScopeSync & TablesSync<S>;

/** The calls of a database besides those of its tables. */
export interface DatabaseCallsSync<S extends Schema> extends ScopeSync {
  readonly schema: S;
  readonly authorId: string;
  /** What sync engines read and append to. */
  readonly log: ChangeLog;
  /**
   * All or nothing: an error that leaves `work` undoes it all.
   * @throws LocalError `LOCAL_NESTED_USE` if `work` uses the database instead of its `tx`
   */
  transaction<Result>(work: (tx: TransactionSync<S>) => Result): Result;
  /** A row's changes, the newest first; of one column if it is named. */
  history<Name extends keyof S & string>(table: Name, id: string, options?: { field?: string }): HistoryEntry[];
  /** A row as it was at a time, by the clocks of those who changed it. */
  asOf<Name extends keyof S & string>(table: Name, id: string, at: Date): RowOf<S, Name> | undefined;
  /** Changes in the order of their arrival here. */
  changes(options?: { since?: number; limit?: number; tables?: readonly (keyof S & string)[] }): ChangeBatch;
  /** Entities of the log that cannot be rows for now. */
  parked(): ParkedEntity[];
  /** Logs what other programs did to the tables. @returns how many rows differed */
  reconcile(): number;
  /** Calls back with the rows of a query now and whenever they change: see `LiveOptions`. */
  subscribe<Row>(query: SqlFragment<Row> | CompiledQuery, options: LiveOptions<Row>): Subscription;
  onCommit(listener: (commit: Commit) => void): () => void;
  onClockSkew(listener: (skew: ClockSkew) => void): () => void;
  /** May be called twice. */
  close(): void;
}

export type DatabaseSync<S extends Schema> = DatabaseCallsSync<S> & TablesSync<S> & Disposable;

/**
 * Opens a database whose calls return their results at once: in Node, and in the worker of a browser.
 * @throws LocalError; the driver is closed then
 */
export function openDbSync<const S extends Schema>(
  options: OpenOptions<S> & { driver: SqliteDriver },
): DatabaseSync<S> {
  const { schema, driver } = options;
  const store = openStore(driver, options);
  const connection = new LocalConnection(store, driver);
  const outside = (operation: Operation): unknown => connection.performNow(operation);
  const close = (): void => connection.closeNow();
  const calls: DatabaseCallsSync<S> = {
    ...scope(outside),
    schema,
    authorId: store.authorId,
    log: store,
    transaction: (work) =>
      store.transaction(() => {
        let isOver = false;
        const inside = (operation: Operation): unknown => {
          if (isOver) throw new LocalError('LOCAL_NESTED_USE', 'the transaction of this `tx` is over');
          return connection.performInside(operation);
        };
        try {
          // The handles' types say what the operations return.
          return work({ ...tableHandles(schema, inside), ...scope(inside) } as TransactionSync<S>);
        } finally {
          isOver = true;
        }
      }),
    history: (table, id, { field } = {}) => outside({ kind: 'history', table, id, property: field }) as HistoryEntry[],
    asOf: <Name extends keyof S & string>(table: Name, id: string, at: Date) =>
      outside({ kind: 'asOf', table, id, atMs: at.getTime() }) as RowOf<S, Name> | undefined,
    changes: ({ since = 0, limit = 1000, tables } = {}) =>
      outside({ kind: 'changes', cursor: since, limit, tables }) as ChangeBatch,
    parked: () => outside({ kind: 'parked' }) as ParkedEntity[],
    reconcile: () => outside({ kind: 'reconcile' }) as number,
    subscribe: (query, options) => connection.subscribe(fragmentOf(query), options),
    onCommit: (listener) => store.onCommit(listener),
    onClockSkew: (listener) => store.onClockSkew(listener),
    close,
  };
  return { ...tableHandles(schema, outside), ...calls, [Symbol.dispose]: close } as DatabaseSync<S>;
}

function scope(run: (operation: Operation) => unknown): ScopeSync {
  return {
    query: <Row>(query: SqlFragment<Row> | CompiledQuery): Row[] => {
      const { text, values, reader } = fragmentOf(query);
      const rows = run({ kind: 'query', text, values, bigInts: reader?.bigInts ?? false }) as Record<string, never>[];
      return reader === undefined ? (rows as Row[]) : rows.map((row) => reader.readRow(row));
    },
    exec: (statement) => {
      const { text, values } = fragmentOf(statement);
      return run({ kind: 'exec', text, values }) as number;
    },
  };
}
