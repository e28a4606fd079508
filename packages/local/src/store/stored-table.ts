import type { FieldValue } from '../change.ts';
import type { Table, TableColumn } from '../schema/table.ts';
import { quoted } from '../sql/identifier.ts';
import type { Statements } from './statements.ts';

/** A column that holds ids of rows of another table, as SQLite knows it. */
export interface ForeignKey {
  readonly child: StoredTable;
  readonly column: string;
  readonly parent: string;
  readonly onDelete: 'refuse' | 'delete' | 'set-null';
}

/**
 * A declared table in SQLite: the only maker of SQL about rows. Names come from the schema, are quoted, and never from a
 * change: what a change calls a column is looked up in `table.columnsByName`.
 */
export class StoredTable {
  readonly name: string;
  readonly table: Table;
  /** The keys of this table's own columns. */
  readonly foreignKeys: ForeignKey[] = [];
  /** The keys of other tables that point here. */
  readonly referencedBy: ForeignKey[] = [];
  /** Whether its columns are those of the schema in type too, so that no affinity changes a value. */
  readonly storesAsGiven: boolean;
  readonly #statements: Statements;
  readonly #selectSql: string;
  readonly #insertSql: string;
  readonly #existsSql: string;
  readonly #deleteSql: string;
  readonly #updateHead: string;
  /** Most updates set one column. */
  readonly #updateSqlByColumn = new Map<TableColumn, string>();

  constructor(name: string, table: Table, statements: Statements) {
    this.name = name;
    this.table = table;
    this.#statements = statements;
    const types = new Map(
      statements
        .plain('SELECT name, upper(type) AS type FROM pragma_table_info(?)')
        .all([name])
        .map((column) => [(column['name'] as string).toLowerCase(), column['type']]),
    );
    this.storesAsGiven = table.columns.every((column) => types.get(column.name.toLowerCase()) === column.codec.type);
    const columns = table.columns.map((column) => quoted(column.name));
    this.#selectSql = `SELECT ${['id', ...columns].join(', ')} FROM ${quoted(name)} WHERE id = ?`;
    this.#insertSql = `INSERT INTO ${quoted(name)} (${['id', ...columns].join(', ')}) VALUES (?${', ?'.repeat(columns.length)})`;
    this.#existsSql = `SELECT 1 FROM ${quoted(name)} WHERE id = ?`;
    this.#deleteSql = `DELETE FROM ${quoted(name)} WHERE id = ?`;
    this.#updateHead = `UPDATE ${quoted(name)} SET `;
  }

  /** The row as the application reads it. */
  read(id: string): Record<string, unknown> | undefined {
    const statement = this.table.bigInts
      ? this.#statements.exact(this.#selectSql)
      : this.#statements.plain(this.#selectSql);
    const row = statement.get([id]);
    return row === undefined ? undefined : this.table.readRow(row);
  }

  /** The row as SQLite stores it, integers as bigints. */
  find(id: string): Record<string, FieldValue> | undefined {
    return this.#statements.exact(this.#selectSql).get([id]);
  }

  has(id: string): boolean {
    return this.#statements.plain(this.#existsSql).get([id]) !== undefined;
  }

  /** @param values the id, then one for each of `table.columns` */
  insert(values: readonly FieldValue[]): void {
    this.#statements.plain(this.#insertSql).run(values);
  }

  update(id: string, columns: readonly TableColumn[], values: readonly FieldValue[]): void {
    this.#statements.plain(this.#updateSql(columns)).run([...values, id]);
  }

  #updateSql(columns: readonly TableColumn[]): string {
    const only = columns.length === 1 ? columns[0] : undefined;
    const known = only && this.#updateSqlByColumn.get(only);
    if (known !== undefined) return known;
    const text = `${this.#updateHead}${columns.map(({ name }) => `${quoted(name)} = ?`).join(', ')} WHERE id = ?`;
    if (only !== undefined) this.#updateSqlByColumn.set(only, text);
    return text;
  }

  delete(id: string): void {
    this.#statements.plain(this.#deleteSql).run([id]);
  }

  /** The ids of all rows. */
  ids(): string[] {
    return this.#statements
      .plain(`SELECT id FROM ${quoted(this.name)}`)
      .all([])
      .map(({ id }) => id as string);
  }

  /** The ids of the rows that refer to `parentId` by `key`, which must be this table's. */
  idsReferringTo(key: ForeignKey, parentId: string): string[] {
    return this.#statements
      .plain(`SELECT id FROM ${quoted(this.name)} WHERE ${quoted(key.column)} = ?`)
      .all([parentId])
      .map(({ id }) => id as string);
  }
}

/** Whether two values of a column are the same to SQLite; 2 and 2.0 are. */
export function isSameValue(a: FieldValue, b: FieldValue): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (a instanceof Uint8Array)
    return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
  // A bigint and a number.
  return typeof a !== 'string' && typeof b !== 'string' && !(b instanceof Uint8Array) && Number(a) === Number(b);
}
