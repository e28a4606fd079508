import { type ProductType, types } from '@lightcone/sats';
import { type Catalog, type CatalogTable, hiddenColumns } from '../catalog.ts';
import { type CheckedSelect, checkSelect } from '../check/check-select.ts';
import { parseU64 } from '../check/literal.ts';
import { QueryError } from '../errors.ts';
import { parseSubscription } from '../sql/parse.ts';
import type { Select } from '../sql/syntax.ts';
import { type TablePlan, planTable } from './table-plan.ts';

export interface SelectPlan {
  readonly kind: 'select';
  readonly rows: TablePlan;
  readonly output: Output;
  /** Type of the rows that `executeSelect` yields. */
  readonly result: ProductType;
  /** Rows wanted at most; `Infinity` for all. */
  readonly limit: number;
}

/** What becomes of each row: it is passed on, some of its columns are, or it is counted. */
export type Output =
  | { readonly kind: 'rows' }
  | { readonly kind: 'columns'; readonly columns: readonly number[] }
  | { readonly kind: 'count' };

/**
 * Plans a query of the subscription dialect, to be followed or run once.
 * @throws QueryError
 */
export function planSubscription(text: string, catalog: Catalog): TablePlan {
  const checked = checkSelect(catalog, parseSubscription(text));
  return planTable(mustBeOneTable(checked), checked.where);
}

/** @throws QueryError */
export function planSelect(select: Select, catalog: Catalog): SelectPlan {
  const checked = checkSelect(catalog, select);
  const table = mustBeOneTable(checked);
  const limit = select.limit === undefined ? Infinity : Number(parseU64(select.limit));
  const rows = planTable(table, checked.where);
  return { kind: 'select', rows, ...planOutput(checked, table), limit };
}

function planOutput({ output }: CheckedSelect, table: CatalogTable): { output: Output; result: ProductType } {
  switch (output.kind) {
    case 'rows':
      return { output, result: types.product(visible(table).map(({ name, type }) => [name, type])) };
    case 'columns': {
      const columns = output.columns.map(({ column }) => column);
      return {
        output: { kind: 'columns', columns },
        result: types.product(output.columns.map(({ name, type }) => [name, type])),
      };
    }
    case 'count':
      return { output: { kind: 'count' }, result: types.product([[output.name, types.u64]]) };
  }
}

function visible(table: CatalogTable): CatalogTable['columns'] {
  return table.columns.slice(hiddenColumns(table));
}

function mustBeOneTable({ tables }: CheckedSelect): CatalogTable {
  const [table, ...joined] = tables;
  if (!table || joined.length > 0) throw new QueryError('QUERY_UNSUPPORTED', 'Joins are not supported yet');
  return table;
}
