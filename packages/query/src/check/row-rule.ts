import type { Catalog, CatalogTable } from '../catalog.ts';
import { QueryError } from '../errors.ts';
import { parseSubscription } from '../sql/parse.ts';
import type { Select } from '../sql/syntax.ts';
import { checkSelect } from './check-select.ts';

/** A rule of row-level security: a query of the subscription dialect that yields the rows of one table that are seen. */
export interface RowRule {
  readonly select: Select;
}

/** @throws QueryError as `parseSubscription` */
export function parseRowRule(text: string): RowRule {
  return { select: parseSubscription(text) };
}

/**
 * The table that a rule protects.
 * @param catalog the tables as the owner sees them
 * @throws QueryError for a rule that is no query of these tables
 */
export function checkRowRule({ select }: RowRule, catalog: Catalog): CatalogTable {
  const { tables, output } = checkSelect(catalog, select);
  const table = output.kind === 'rows' ? tables[output.table] : undefined;
  if (!table) throw new Error('a query of the subscription dialect yields rows of one of its tables');
  if (!table.view) return table;
  throw new QueryError('QUERY_UNSUPPORTED', `Cannot define RLS rule on view: ${table.name}`);
}
