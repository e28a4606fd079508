import { types } from '@lightcone/sats';
import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { CheckedSelect } from '../check/check-select.ts';
import { conjunctsOf } from './conjuncts.ts';
import { type JoinPlan, planJoin } from './join-plan.ts';
import type { JoinShape } from './join-path.ts';
import { type TablePlan, planTable } from './table-plan.ts';

/** What a query reads: rows of one table, or rows of several put together. */
export type RowsPlan = TablePlan | JoinPlan;

export function planRows(checked: CheckedSelect): RowsPlan {
  const shapes = [shapeOf(checked)];
  const [table] = checked.tables;
  if (table && shapes.every(({ tables }) => tables.length === 1)) {
    return planTable(
      table,
      shapes.map(({ conditions }) => conditions),
    );
  }
  return planJoin(checked.tables, shapes, checked.output.kind === 'rows' ? checked.output.table : 0);
}

function shapeOf({ tables, joinConditions, where }: CheckedSelect): JoinShape {
  return {
    tables,
    conditions: [...tables.flatMap(instanceCondition), ...joinConditions.flatMap(conjunctsOf), ...conjunctsOf(where)],
  };
}

/** Of a view's table, that the rows are of the caller's instance. */
function instanceCondition({ columns, view }: CatalogTable, position: number): CheckedExpression[] {
  if (!view) return [];
  const { type } = columns[0]!; // a view's table has the hidden column
  const left = { kind: 'column', type, table: position, column: 0 } as const;
  const right = { kind: 'constant', type, bytes: view.argHash } as const;
  return [{ kind: 'comparison', type: types.bool, operator: '=', left, right }];
}
