import type { Table, TableColumn } from '../schema/table.ts';
import { quoted } from '../sql/identifier.ts';
import { literal } from '../sql/literal.ts';

export function createTableSql(name: string, table: Table): string {
  const columns = table.columns.map((column) => `,\n  ${columnSql(column)}`);
  return `CREATE TABLE ${quoted(name)} (\n  id TEXT NOT NULL PRIMARY KEY${columns.join('')}\n)`;
}

/** A column as `CREATE TABLE` and `ALTER TABLE … ADD COLUMN` say it. */
export function columnSql({ name, codec, column, defaultValue }: TableColumn): string {
  const { isOptional, reference } = column.options;
  return [
    quoted(name),
    codec.type,
    ...(isOptional ? [] : ['NOT NULL']),
    ...(defaultValue === null ? [] : [`DEFAULT ${literal(defaultValue)}`]),
    ...(reference === undefined ? [] : [`REFERENCES ${quoted(reference.table)} (id)`]),
  ].join(' ');
}

/** The declared indexes and one for each reference, by name. */
export function createIndexSqls(name: string, table: Table): string[] {
  const references = table.columns
    .filter(({ column }) => column.options.reference !== undefined)
    .map((column) => [column.name]);
  const lists = [...references, ...table.indexes];
  return lists.map(
    (columns) =>
      `CREATE INDEX IF NOT EXISTS ${quoted([name, ...columns].join('_'))} ON ${quoted(name)} (${columns.map(quoted).join(', ')})`,
  );
}
