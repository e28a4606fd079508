import type { AlgebraicType } from '@lightcone/sats';
import { type Catalog, type CatalogTable, hiddenColumns } from '../catalog.ts';
import { QueryError } from '../errors.ts';
import type { ColumnName } from '../sql/syntax.ts';

/** Where a column was found. */
export interface ResolvedColumn {
  /** Position of the table in the scope, which is that in FROM. */
  readonly table: number;
  /** Position of the column in the table. */
  readonly column: number;
  readonly type: AlgebraicType;
}

/** The names that a statement's expressions can use: its tables, by alias or as they were called, and their columns. */
export class Scope {
  readonly #names: string[] = [];
  readonly #tables: CatalogTable[] = [];

  /** @throws QueryError `QUERY_DUPLICATE_NAME` */
  add(name: string, table: CatalogTable): void {
    if (this.#names.includes(name)) throw duplicateName(name);
    this.#names.push(name);
    this.#tables.push(table);
  }

  /** Position of the table called `name`. @throws QueryError `QUERY_NOT_IN_SCOPE` */
  mustFindTable(name: string): number {
    const position = this.#names.indexOf(name);
    if (position < 0) throw notInScope(name);
    return position;
  }

  /** @throws QueryError `QUERY_NOT_IN_SCOPE` */
  mustFindColumn({ table: tableName, name }: ColumnName): ResolvedColumn {
    // Only a scope of one table sees unqualified names; the parser refused them elsewhere.
    const table = tableName === undefined ? 0 : this.mustFindTable(tableName);
    const searched = this.#tables[table];
    const column = searched ? findColumn(searched, name) : -1;
    const found = searched?.columns[column];
    if (!found) throw notInScope(name);
    return { table, column, type: found.type };
  }
}

/** Position of the column with this canonical or accessor name, or -1. */
export function findColumn(table: CatalogTable, name: string): number {
  const first = hiddenColumns(table);
  const position = table.columns.findIndex((column, i) => i >= first && column.name === name);
  return position >= 0 ? position : table.columns.findIndex((column, i) => i >= first && column.accessorName === name);
}

/** @throws QueryError `QUERY_UNKNOWN_TABLE`, also for a table that the caller may not read */
export function mustFindTable(catalog: Catalog, name: string): CatalogTable {
  const table = catalog.findTable(name);
  if (table) return table;
  const message = `no such table: \`${name}\`. If the table exists, it may be marked private.`;
  throw new QueryError('QUERY_UNKNOWN_TABLE', message);
}

export function duplicateName(name: string): QueryError {
  return new QueryError('QUERY_DUPLICATE_NAME', `Duplicate name \`${name}\``);
}

function notInScope(name: string): QueryError {
  return new QueryError('QUERY_NOT_IN_SCOPE', `\`${name}\` is not in scope`);
}
