import type { SqliteDriver, SqliteStatement } from '../sqlite-driver.ts';

const maxKept = 256;

/** Prepared statements by their text, so that nothing is compiled twice. The least recently used ones are dropped. */
export class Statements {
  readonly #driver: SqliteDriver;
  readonly #plain = new Map<string, SqliteStatement>();
  readonly #withBigInts = new Map<string, SqliteStatement>();

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  /** Integers come out as numbers. */
  plain(sql: string): SqliteStatement {
    return this.#kept(this.#plain, sql, false);
  }

  /** Integers come out as bigints, so that what is read can be bound again as it was stored. */
  exact(sql: string): SqliteStatement {
    return this.#kept(this.#withBigInts, sql, true);
  }

  #kept(kept: Map<string, SqliteStatement>, sql: string, bigInts: boolean): SqliteStatement {
    let statement = kept.get(sql);
    if (statement !== undefined) {
      // Only a cache that is nearly full needs to know what was used last.
      if (kept.size > maxKept / 2) {
        kept.delete(sql);
        kept.set(sql, statement);
      }
      return statement;
    }
    statement = this.#driver.prepare(sql, { bigInts });
    kept.set(sql, statement);
    if (kept.size > maxKept) kept.delete(kept.keys().next().value!); // it has more than one
    return statement;
  }
}
