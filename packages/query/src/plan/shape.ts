import { types } from '@lightcone/sats';
import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { CheckedSelect } from '../check/check-select.ts';
import { conjunctsOf } from './conjuncts.ts';
import type { JoinShape } from './join-path.ts';

/** What a SELECT joins: its tables and everything that their rows must satisfy. */
export function shapeOf({ tables, joinConditions, where }: CheckedSelect): JoinShape {
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
