import { type ProductType, types } from '@lightcone/sats';
import { type Catalog, hiddenColumns } from '../catalog.ts';
import { type CheckedSelect, checkSelect } from '../check/check-select.ts';
import { parseU64 } from '../check/literal.ts';
import type { Select } from '../sql/syntax.ts';
import { type RowsPlan, planRows } from './plan-rows.ts';

export interface SelectPlan {
  readonly kind: 'select';
  readonly rows: RowsPlan;
  readonly output: Output;
  /** Type of the rows that `executeSelect` yields. */
  readonly result: ProductType;
  /** Rows wanted at most; `Infinity` for all. */
  readonly limit: number;
}

/** What becomes of each row: it is passed on, some of its columns are, or it is counted. */
export type Output =
  | { readonly kind: 'rows' }
  | { readonly kind: 'columns'; readonly columns: readonly ColumnOutput[] }
  | { readonly kind: 'count' };

/** A column of the table at a position of FROM. */
export interface ColumnOutput {
  readonly table: number;
  readonly column: number;
}

/** @throws QueryError */
export function planSelect(select: Select, catalog: Catalog): SelectPlan {
  const checked = checkSelect(catalog, select);
  const limit = select.limit === undefined ? Infinity : Number(parseU64(select.limit));
  return { kind: 'select', rows: planRows(checked), ...planOutput(checked), limit };
}

function planOutput({ tables, output }: CheckedSelect): { output: Output; result: ProductType } {
  switch (output.kind) {
    case 'rows': {
      const table = tables[output.table]!; // the scope found it
      const columns = table.columns.slice(hiddenColumns(table));
      return { output: { kind: 'rows' }, result: types.product(columns.map(({ name, type }) => [name, type])) };
    }
    case 'columns':
      return { output, result: types.product(output.columns.map(({ name, type }) => [name, type])) };
    case 'count':
      return { output: { kind: 'count' }, result: types.product([[output.name, types.u64]]) };
  }
}
