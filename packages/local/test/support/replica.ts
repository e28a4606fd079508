import { openDbSync, sql } from '../../src/index.ts';
import type { Change, DatabaseSync, FieldValue, OpenOptions, Schema, SqliteDriver } from '../../src/index.ts';
import { betterSqlite } from '../../src/node/index.ts';

/** A clock that tests set, in Unix milliseconds. */
export class TestClock {
  ms = Date.UTC(2026, 10, 27);
  readonly now = (): number => this.ms;
}

export function openReplica<const S extends Schema>(
  schema: S,
  options: Partial<OpenOptions<S>> & { driver?: SqliteDriver } = {},
): DatabaseSync<S> {
  return openDbSync({ driver: betterSqlite(':memory:'), ...options, schema });
}

/** All rows of the tracked tables as SQLite has them, sorted by id. */
export function rowsOf<S extends Schema>(db: DatabaseSync<S>): Record<string, Record<string, FieldValue>[]> {
  const exact = { bigInts: true, readRow: (row: Record<string, FieldValue>) => ({ ...row }) };
  return Object.fromEntries(
    Object.entries(db.schema)
      .filter(([, { isLocal }]) => !isLocal)
      .map(([name, table]) => {
        const columns = ['id', ...table.columns.map((column: { name: string }) => column.name)].map((column) =>
          sql.id(column),
        );
        return [name, db.query(sql`SELECT ${sql.join(columns)} FROM ${sql.id(name)} ORDER BY id`.as(exact))];
      }),
  );
}

/** The whole log in the order of arrival. */
export function logOf<S extends Schema>(db: DatabaseSync<S>): Change[] {
  return db.log.changesSince(0, { limit: 1_000_000 }).map(({ change }) => change);
}

/** Gives `to` all that it lacks of `from`'s log. */
export function pull<F extends Schema, T extends Schema>(from: DatabaseSync<F>, to: DatabaseSync<T>): void {
  to.log.append(from.log.changesById(to.log.unknownOf(from.log.changeIds())));
}
