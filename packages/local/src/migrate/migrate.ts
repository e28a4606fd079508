import { LocalError } from '../errors.ts';
import type { Schema } from '../schema/schema.ts';
import type { Table } from '../schema/table.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import { quoted } from '../sql/identifier.ts';
import { fragmentOf } from '../sql/sql.ts';
import type { SqlFragment } from '../sql/sql.ts';
import { columnSql, createIndexSqls, createTableSql } from './table-sql.ts';

/** What a migration step may do: any SQL. What it does to rows is logged afterwards. */
export interface MigrationScope {
  exec(statement: SqlFragment<unknown>): void;
  query(statement: SqlFragment<unknown>): Record<string, unknown>[];
}

/** One step: a statement, or a function that runs some. Once released, a step is never changed. */
export type Migration = SqlFragment<unknown> | ((scope: MigrationScope) => void);

/**
 * Brings the file to the schema, within the caller's transaction and with foreign keys off: first the steps that it has
 * not seen (SQLite's `user_version` counts them, as in DimpleDb), then whatever tables, columns and indexes are missing.
 * @returns whether steps were run
 * @throws LocalError `LOCAL_NEWER_FILE`, `LOCAL_MIGRATION_FAILED`
 */
export function migrate(driver: SqliteDriver, schema: Schema, steps: readonly Migration[] | undefined): boolean {
  const ranSteps = steps !== undefined && runSteps(driver, steps);
  for (const [name, table] of Object.entries(schema)) addWhatIsMissing(driver, name, table);
  return ranSteps;
}

function runSteps(driver: SqliteDriver, steps: readonly Migration[]): boolean {
  const seen = driver.prepare('PRAGMA user_version').get([])!['user_version'] as number; // it has one row
  if (seen > steps.length)
    throw new LocalError(
      'LOCAL_NEWER_FILE',
      `the file has seen ${seen} migrations, this program knows ${steps.length}: a newer version wrote it. Update the program`,
    );
  const scope: MigrationScope = {
    exec: (statement) => {
      const { text, values } = fragmentOf(statement);
      driver.prepare(text).run(values);
    },
    query: (statement) => {
      const { text, values } = fragmentOf(statement);
      return driver.prepare(text).all(values);
    },
  };
  for (let i = seen; i < steps.length; i++) {
    const step = steps[i]!;
    try {
      if (typeof step === 'function') step(scope);
      else scope.exec(step);
    } catch (error) {
      throw new LocalError('LOCAL_MIGRATION_FAILED', `migration ${i + 1} failed: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  if (seen === steps.length) return false;
  driver.exec(`PRAGMA user_version = ${steps.length}`);
  const orphans = driver.prepare('PRAGMA foreign_key_check').all([]);
  if (orphans.length > 0)
    throw new LocalError(
      'LOCAL_MIGRATION_FAILED',
      `after the migrations a row of "${String(orphans[0]!['table'])}" refers to one of "${String(orphans[0]!['parent'])}" that is not there`,
    );
  return true;
}

function addWhatIsMissing(driver: SqliteDriver, name: string, table: Table): void {
  const columns = driver.prepare('SELECT name FROM pragma_table_info(?)').all([name]);
  if (columns.length === 0) driver.exec(createTableSql(name, table));
  else {
    const present = new Set(columns.map((column) => (column['name'] as string).toLowerCase()));
    if (!present.has('id'))
      throw new LocalError(
        'LOCAL_INVALID_SCHEMA',
        `table "${name}" of the file has no column "id", which rows are known by`,
      );
    for (const column of table.columns) {
      if (present.has(column.name.toLowerCase())) continue;
      if (column.isRequired)
        throw new LocalError(
          'LOCAL_MIGRATION_FAILED',
          `table "${name}" of the file has no "${column.name}", and its rows need one: make it optional(), give it a default(), or write a migration`,
        );
      driver.exec(`ALTER TABLE ${quoted(name)} ADD COLUMN ${columnSql(column)}`);
    }
  }
  for (const index of createIndexSqls(name, table)) driver.exec(index);
}
