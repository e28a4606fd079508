import { types } from '@lightcone/sats';
import type { CheckedExpression } from '../check/check-expression.ts';

/** The condition that all of some conditions hold; undefined when there are none. */
export function conjunction(conditions: readonly CheckedExpression[]): CheckedExpression | undefined {
  const [only] = conditions;
  if (conditions.length <= 1) return only;
  return { kind: 'logical', type: types.bool, operator: 'AND', operands: conditions };
}

/** The condition that one of some conditions holds, of which there is at least one. */
export function disjunction(conditions: readonly CheckedExpression[]): CheckedExpression {
  const [only] = conditions;
  if (only && conditions.length === 1) return only;
  return { kind: 'logical', type: types.bool, operator: 'OR', operands: conditions };
}
