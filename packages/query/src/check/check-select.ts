import type { AlgebraicType } from '@lightcone/sats';
import type { Catalog, CatalogTable } from '../catalog.ts';
import type { ProjectedColumn, Projection, Select } from '../sql/syntax.ts';
import { type CheckedExpression, checkCondition } from './check-expression.ts';
import { Scope, duplicateName, mustFindTable } from './scope.ts';

/** A SELECT whose names are resolved and whose types agree. */
export interface CheckedSelect {
  /** In the order of FROM; never empty. */
  readonly tables: readonly CatalogTable[];
  /** The conditions of ON. Cross joins have none. */
  readonly joinConditions: readonly CheckedExpression[];
  readonly where: CheckedExpression | undefined;
  readonly output: CheckedOutput;
}

export type CheckedOutput =
  /** Whole rows of the table at this position of FROM. */
  | { readonly kind: 'rows'; readonly table: number }
  | { readonly kind: 'columns'; readonly columns: readonly OutputColumn[] }
  | { readonly kind: 'count'; readonly name: string };

export interface OutputColumn {
  readonly name: string;
  readonly table: number;
  readonly column: number;
  readonly type: AlgebraicType;
}

/**
 * Checks a SELECT against the tables that the caller may read.
 * @throws QueryError `QUERY_UNKNOWN_TABLE`, `QUERY_DUPLICATE_NAME`, and those of `checkCondition`
 */
export function checkSelect(catalog: Catalog, select: Select): CheckedSelect {
  const scope = new Scope();
  const tables: CatalogTable[] = [];
  const joinConditions: CheckedExpression[] = [];
  for (const { table: name, alias, on } of select.from) {
    const table = mustFindTable(catalog, name);
    scope.add(alias ?? name, table);
    tables.push(table);
    // Checked before the next table is added: an alias is visible from its own join on.
    if (on) joinConditions.push(checkCondition(scope, { kind: 'comparison', operator: '=', ...on }));
  }
  const where = select.where && checkCondition(scope, select.where);
  return { tables, joinConditions, where, output: checkProjection(scope, select.projection) };
}

function checkProjection(scope: Scope, projection: Projection): CheckedOutput {
  switch (projection.kind) {
    case 'all':
      return { kind: 'rows', table: 0 };
    case 'allOf':
      return { kind: 'rows', table: scope.mustFindTable(projection.table) };
    case 'count':
      return { kind: 'count', name: projection.alias };
    case 'columns':
      return { kind: 'columns', columns: checkColumns(scope, projection.columns) };
  }
}

function checkColumns(scope: Scope, projected: readonly ProjectedColumn[]): OutputColumn[] {
  const names = new Set<string>();
  return projected.map(({ column, alias }) => {
    const name = alias ?? column.name;
    if (names.has(name)) throw duplicateName(name);
    names.add(name);
    return { name, ...scope.mustFindColumn(column) };
  });
}
