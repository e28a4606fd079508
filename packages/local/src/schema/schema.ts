import { LocalError } from '../errors.ts';
import type { Columns, NewRow, Patch, Row, Table } from './table.ts';

// Any table, whatever its columns: a type parameter's bound, never a value's type.
// oxlint-disable-next-line typescript/no-explicit-any
export type Schema = Readonly<Record<string, Table<any>>>;

type ColumnsOf<T> = T extends Table<infer C extends Columns> ? C : never;

/** What a row of a table of `S` is read as. */
export type RowOf<S extends Schema, Name extends keyof S> = Row<ColumnsOf<S[Name]>>;
/** What `save` takes. */
export type NewRowOf<S extends Schema, Name extends keyof S> = NewRow<ColumnsOf<S[Name]>>;
/** What `update` takes. */
export type PatchOf<S extends Schema, Name extends keyof S> = Patch<ColumnsOf<S[Name]>>;

/**
 * Names that a database's own calls have: `db.query` cannot be a table too. Also what JavaScript gives every object.
 */
const reservedNames: ReadonlySet<string> = new Set(
  (
    'transaction query exec history asOf changes subscribe live reconcile parked close log authorId schema ' +
    'onCommit onClockSkew then constructor __proto__ toString toJSON valueOf hasOwnProperty'
  ).split(' '),
);

/**
 * The tables of a database, by name. The name of a table in SQLite is its property's.
 * @throws LocalError `LOCAL_INVALID_SCHEMA`
 */
export function defineSchema<const S extends Schema>(tables: S): S {
  const spellings = new Set<string>();
  for (const [name, table] of Object.entries(tables)) {
    if (reservedNames.has(name))
      throw new LocalError(
        'LOCAL_INVALID_SCHEMA',
        `a table cannot be called "${name}": that is a call of the database`,
      );
    if (/^(sqlite_|zv_)/i.test(name))
      throw new LocalError(
        'LOCAL_INVALID_SCHEMA',
        `table "${name}": names with sqlite_ and ZV_ are not the application's`,
      );
    // SQLite's names know no case.
    if (spellings.has(name.toLowerCase()))
      throw new LocalError('LOCAL_INVALID_SCHEMA', `two tables are called "${name}", as SQLite knows no case in names`);
    spellings.add(name.toLowerCase());
    for (const column of table.columns) {
      const target = column.column.options.reference?.table;
      if (target !== undefined && tables[target] === undefined)
        throw new LocalError(
          'LOCAL_INVALID_SCHEMA',
          `"${column.property}" of table "${name}" refers to "${target}", which is no table of the schema`,
        );
      if (target !== undefined && !table.isLocal && tables[target]!.isLocal)
        throw new LocalError(
          'LOCAL_INVALID_SCHEMA',
          `"${column.property}" of table "${name}" refers to "${target}", whose rows other devices never see`,
        );
    }
  }
  return Object.freeze(tables);
}
