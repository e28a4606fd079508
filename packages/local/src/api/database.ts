import type { ChangeBatch } from '../log/change-batch.ts';
import type { HistoryEntry } from '../log/history.ts';
import { liveRows } from '../live/live-rows.ts';
import type { LiveOptions, Subscription } from '../live/live-query.ts';
import type { ParkedEntity } from '../merge-result.ts';
import type { RowOf, Schema } from '../schema/schema.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { fragmentOf } from '../sql/sql.ts';
import type { CompiledQuery, SqlFragment } from '../sql/sql.ts';
import { openStore } from '../store/open-store.ts';
import type { OpenOptions } from '../store/open-store.ts';
import type { ChangeLog } from '../change-log.ts';
import { changeFeed } from './change-feed.ts';
import type { Connection } from './connection.ts';
import { LocalConnection } from './local-connection.ts';
import type { Operation } from './operation.ts';
import { tableHandles } from './table-handles.ts';
import type { Tables } from './table-handles.ts';

/** What can be done in a transaction, and outside as one of its own. */
export interface Scope {
  /** @throws LocalError `LOCAL_INVALID_SQL` if it writes, `LOCAL_SQL_FAILED` */
  query<Row>(query: SqlFragment<Row> | CompiledQuery): Promise<Row[]>;
  /** Runs a statement that writes. What it does to declared tables is logged. @returns the number of rows changed */
  exec(statement: SqlFragment<unknown> | CompiledQuery): Promise<number>;
}

export type Transaction<S extends Schema> = Scope & Tables<S>;

/** The calls of a database besides those of its tables. */
export interface DatabaseCalls<S extends Schema> extends Scope {
  readonly schema: S;
  readonly authorId: string;
  /**
   * All or nothing: an error that leaves `work` undoes it all. Other calls wait until it is over, so `work` uses its `tx`.
   * @throws LocalError `LOCAL_TRANSACTION_TIMEOUT` if it did nothing for 5 s while others waited
   */
  transaction<Result>(work: (tx: Transaction<S>) => Promise<Result>): Promise<Result>;
  /** A row's changes, the newest first; of one column if it is named. */
  history<Name extends keyof S & string>(
    table: Name,
    id: string,
    options?: { field?: string },
  ): Promise<HistoryEntry[]>;
  /** A row as it was at a time, by the clocks of those who changed it. */
  asOf<Name extends keyof S & string>(table: Name, id: string, at: Date): Promise<RowOf<S, Name> | undefined>;
  /** Changes in the order of their arrival here, those to come as well, until `signal` aborts. */
  changes(options?: {
    since?: number;
    tables?: readonly (keyof S & string)[];
    signal?: AbortSignal;
  }): AsyncGenerator<ChangeBatch, void, void>;
  /** Entities of the log that cannot be rows for now. */
  parked(): Promise<ParkedEntity[]>;
  /** Logs what other programs did to the tables. @returns how many rows differed */
  reconcile(): Promise<number>;
  /** Calls back with the rows of a query now and whenever they change: see `LiveOptions`. */
  subscribe<Row>(query: SqlFragment<Row> | CompiledQuery, options: LiveOptions<Row>): Subscription;
  /** The rows of a query now and whenever they change; results that nobody took in time are skipped, never the last. */
  live<Row>(
    query: SqlFragment<Row> | CompiledQuery,
    options?: { signal?: AbortSignal },
  ): AsyncGenerator<readonly Row[], void, void>;
  /** After what is under way. May be called twice. */
  close(): Promise<void>;
}

export type Database<S extends Schema> = DatabaseCalls<S> & Tables<S> & AsyncDisposable;

/**
 * Opens a database in this process, with the calls that it has in every place; `log` is what sync engines read and append
 * to.
 * @throws LocalError; the driver is closed then
 */
export async function openDb<const S extends Schema>(
  options: OpenOptions<S> & { driver: SqliteDriver },
): Promise<Database<S> & { readonly log: ChangeLog }> {
  const store = openStore(options.driver, options);
  return { ...databaseOver(new LocalConnection(store, options.driver), options.schema), log: store };
}

/** The calls of a database over whichever connection there is to it. */
export function databaseOver<S extends Schema>(connection: Connection, schema: S): Database<S> {
  const outside = (operation: Operation): Promise<unknown> => connection.perform(operation);
  const close = (): Promise<void> => connection.close();
  const calls: DatabaseCalls<S> = {
    ...scope(outside),
    schema,
    authorId: connection.authorId,
    transaction: async (work) => {
      const transaction = await connection.begin();
      const inside = (operation: Operation): Promise<unknown> => transaction.perform(operation);
      try {
        // The handles' types say what the operations return.
        const result = await work({ ...tableHandles(schema, inside), ...scope(inside) } as Transaction<S>);
        await transaction.commit();
        return result;
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    },
    history: (table, id, { field } = {}) =>
      outside({ kind: 'history', table, id, property: field }) as Promise<HistoryEntry[]>,
    asOf: <Name extends keyof S & string>(table: Name, id: string, at: Date) =>
      outside({ kind: 'asOf', table, id, atMs: at.getTime() }) as Promise<RowOf<S, Name> | undefined>,
    changes: (options) => changeFeed(connection, options),
    parked: () => outside({ kind: 'parked' }) as Promise<ParkedEntity[]>,
    reconcile: () => outside({ kind: 'reconcile' }) as Promise<number>,
    subscribe: (query, options) => connection.subscribe(fragmentOf(query), options),
    live: (query, options) => liveRows((live) => connection.subscribe(fragmentOf(query), live), options?.signal),
    close,
  };
  return { ...tableHandles(schema, outside), ...calls, [Symbol.asyncDispose]: close } as Database<S>;
}

function scope(run: (operation: Operation) => Promise<unknown>): Scope {
  return {
    query: async <Row>(query: SqlFragment<Row> | CompiledQuery): Promise<Row[]> => {
      const { text, values, reader } = fragmentOf(query);
      const rows = await run({ kind: 'query', text, values, bigInts: reader?.bigInts ?? false });
      const stored = rows as Record<string, never>[]; // as the operation says
      return reader === undefined ? (stored as Row[]) : stored.map((row) => reader.readRow(row));
    },
    exec: async (statement) => {
      const { text, values } = fragmentOf(statement);
      return (await run({ kind: 'exec', text, values })) as number;
    },
  };
}
