import type { CheckedSelect } from '../check/check-select.ts';
import { expandRules } from './expand-rules.ts';
import { type JoinPlan, planJoin } from './join-plan.ts';
import { shapeOf } from './shape.ts';
import { type TablePlan, planTable } from './table-plan.ts';

/** What a query reads: rows of one table, or rows of several put together. */
export type RowsPlan = TablePlan | JoinPlan;

/** Plans what a SELECT reads, under the rules of its tables. @throws QueryError as `expandRules` */
export function planRows(checked: CheckedSelect): RowsPlan {
  const shapes = expandRules(shapeOf(checked));
  const isRestricted = checked.tables.some(({ rowRules }) => rowRules !== undefined);
  const [table] = checked.tables;
  if (table && shapes.every(({ tables }) => tables.length === 1)) {
    const alternatives = shapes.map(({ conditions }) => conditions);
    return planTable(table, alternatives, isRestricted);
  }
  return planJoin(checked.tables, shapes, checked.output.kind === 'rows' ? checked.output.table : 0, isRestricted);
}
