import Database from 'better-sqlite3';
import { fileIdentity } from './file-identity.ts';
import { watchFile } from './watch-file.ts';
import type { SqliteDriver, SqliteStatement, SqlRow, SqlValue } from '../sqlite-driver.ts';

/**
 * SQLite in this process, by better-sqlite3.
 * @param file a path, or `:memory:`
 * @param busyTimeoutMs how long a write waits for another connection's, before it is `LOCAL_BUSY`; 5 s unless said
 */
export function betterSqlite(file: string, { busyTimeoutMs = 5000 }: { busyTimeoutMs?: number } = {}): SqliteDriver {
  const database = new Database(file, { timeout: busyTimeoutMs });
  const isFile = file !== ':memory:' && file !== '';
  return {
    prepare: (sql, options) => new Statement(database.prepare(sql), options?.bigInts ?? false),
    exec: (sql) => void database.exec(sql),
    get isInTransaction() {
      return database.inTransaction;
    },
    close: () => void database.close(),
    ...(isFile && { fileIdentity: fileIdentity(file), watch: (listener: () => void) => watchFile(file, listener) }),
  };
}

class Statement implements SqliteStatement {
  readonly isQuery: boolean;
  readonly isReadOnly: boolean;
  readonly #statement: Database.Statement;

  constructor(statement: Database.Statement, bigInts: boolean) {
    this.#statement = statement;
    this.isQuery = statement.reader;
    this.isReadOnly = statement.readonly;
    if (bigInts) statement.safeIntegers(true);
  }

  run(values: readonly SqlValue[]): number {
    // What returns rows, such as a PRAGMA that says its new value, better-sqlite3 does not `run`.
    if (this.isQuery) return this.#statement.all(values).length;
    return this.#statement.run(values).changes;
  }

  all(values: readonly SqlValue[]): SqlRow[] {
    return this.#statement.all(values) as SqlRow[];
  }

  get(values: readonly SqlValue[]): SqlRow | undefined {
    return this.#statement.get(values) as SqlRow | undefined;
  }
}
