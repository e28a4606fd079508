import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import type { Database, PreparedStatement, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { SqliteDriver, SqliteStatement, SqlRow, SqlValue } from '../../sqlite-driver.ts';

/** How long a file may still be held by a worker that has ended. */
const handOverMs = 10_000;
const pauseMs = 50;

/**
 * SQLite's WebAssembly build in this worker, on the origin private file system; in memory where there is none.
 * @param name of the database; its files are in `.lightcone-local/db-<name>`
 * @throws what the file system says, if others hold the files for longer than 10 s
 */
export async function sqliteWasm(name: string): Promise<{ driver: SqliteDriver; isDurable: boolean }> {
  const sqlite3 = await sqlite3InitModule();
  // It prints what it throws as well, also where a refusal is expected.
  Object.assign((sqlite3 as unknown as { config: object }).config, { error: () => undefined });
  if (!hasPrivateFiles()) return { driver: driverOver(sqlite3, new sqlite3.oo1.DB(':memory:')), isDurable: false };
  const folder = `db-${encodeURIComponent(name)}`; // also for a name such as `..`
  const until = performance.now() + handOverMs;
  for (;;) {
    try {
      // It has the only handles to its files: of several tabs, one at a time.
      const options = {
        name: `lightcone-local-${folder}`,
        directory: `.lightcone-local/${folder}`,
        // Its declarations have not heard of it: without, a second try gets the failure of the first one.
        forceReinitIfPreviouslyFailed: true,
      };
      const pool = await sqlite3.installOpfsSAHPoolVfs(options);
      return { driver: driverOver(sqlite3, new pool.OpfsSAHPoolDb('/database.sqlite')), isDurable: true };
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function hasPrivateFiles(): boolean {
  const { FileSystemFileHandle: handle } = globalThis as { FileSystemFileHandle?: { prototype: object } };
  return handle !== undefined && 'createSyncAccessHandle' in handle.prototype && 'getDirectory' in navigator.storage;
}

/** A driver over an open database of the WebAssembly build. */
export function driverOver(sqlite3: Sqlite3Static, database: Database): SqliteDriver {
  /** Gives SQLite's errors their code by name. */
  const named = <Result>(call: () => Result): Result => {
    try {
      return call();
    } catch (error) {
      const code = error instanceof sqlite3.SQLite3Error && sqlite3.capi.sqlite3_js_rc_str(error.resultCode);
      throw code ? Object.assign(error as Error, { code }) : error;
    }
  };
  return {
    prepare: (sql, options) =>
      named(() => new Statement(sqlite3, database, database.prepare(sql), options?.bigInts ?? false, named)),
    exec: (sql) => void named(() => database.exec(sql)),
    get isInTransaction() {
      return sqlite3.capi.sqlite3_get_autocommit(database) === 0;
    },
    close: () => database.close(),
  };
}

class Statement implements SqliteStatement {
  readonly isQuery: boolean;
  readonly isReadOnly: boolean;
  readonly #sqlite3: Sqlite3Static;
  readonly #database: Database;
  readonly #statement: PreparedStatement;
  readonly #bigInts: boolean;
  readonly #named: <Result>(call: () => Result) => Result;
  #names: readonly string[] = [];

  constructor(
    sqlite3: Sqlite3Static,
    database: Database,
    statement: PreparedStatement,
    bigInts: boolean,
    named: <Result>(call: () => Result) => Result,
  ) {
    this.#sqlite3 = sqlite3;
    this.#database = database;
    this.#statement = statement;
    this.#bigInts = bigInts;
    this.#named = named;
    this.isQuery = statement.columnCount > 0;
    this.isReadOnly = sqlite3.capi.sqlite3_stmt_readonly(statement) !== 0;
  }

  run(values: readonly SqlValue[]): number {
    const before = this.#database.changes(true);
    this.#each(values, () => true);
    // Those of triggers are counted in the total only.
    return this.#database.changes(true) === before ? 0 : this.#database.changes();
  }

  all(values: readonly SqlValue[]): SqlRow[] {
    const rows: SqlRow[] = [];
    this.#each(values, () => {
      rows.push(this.#row());
      return true;
    });
    return rows;
  }

  get(values: readonly SqlValue[]): SqlRow | undefined {
    let row: SqlRow | undefined;
    this.#each(values, () => {
      row = this.#row();
      return false;
    });
    return row;
  }

  /** Steps until `visit` has enough. */
  #each(values: readonly SqlValue[], visit: () => boolean): void {
    const statement = this.#statement;
    try {
      this.#named(() => {
        for (let i = 0; i < values.length; i++) this.#bind(i + 1, values[i]!);
        while (statement.step()) if (!visit()) break;
      });
    } finally {
      const pointer = statement.pointer as never; // its declarations ask for a connection here
      // Not the methods of the statement, which throw once more what `step` threw.
      this.#sqlite3.capi.sqlite3_reset(pointer);
      this.#sqlite3.capi.sqlite3_clear_bindings(pointer);
    }
  }

  #bind(at: number, value: SqlValue): void {
    // A whole number is REAL to us, which `bind` would take for INTEGER.
    if (typeof value !== 'number') this.#statement.bind(at, value);
    else this.#sqlite3.capi.sqlite3_bind_double(this.#statement, at, value);
  }

  #row(): SqlRow {
    const { capi } = this.#sqlite3;
    const statement = this.#statement;
    const row: SqlRow = {};
    // `SELECT *` has others after the table was altered.
    if (this.#names.length !== capi.sqlite3_column_count(statement)) this.#names = statement.getColumnNames([]);
    for (let at = 0; at < this.#names.length; at++) {
      const isInteger = capi.sqlite3_column_type(statement, at) === capi.SQLITE_INTEGER;
      const exact = isInteger ? capi.sqlite3_column_int64(statement, at) : undefined;
      if (exact === undefined) row[this.#names[at]!] = statement.get(at) as SqlValue;
      else row[this.#names[at]!] = this.#bigInts ? exact : Number(exact);
    }
    return row;
  }
}
