import { type AlgebraicType, typeEquals, types } from '@lightcone/sats';
import { QueryError } from '../errors.ts';
import type { Comparison, ComparisonOperator, Expression, Logical } from '../sql/syntax.ts';
import { isComparable } from './comparable.ts';
import { comparisonChain } from './comparison-chain.ts';
import { encodeLiteral, unexpectedType } from './literal.ts';
import { printType } from './print-type.ts';
import type { Scope } from './scope.ts';

/** An expression whose names are resolved and whose types agree. `type` is that of its value. */
export type CheckedExpression = ColumnValue | ConstantValue | SenderValue | CheckedComparison | CheckedLogical;

export interface ColumnValue {
  readonly kind: 'column';
  readonly type: AlgebraicType;
  /** Position of the table in FROM. */
  readonly table: number;
  readonly column: number;
}

export interface ConstantValue {
  readonly kind: 'constant';
  readonly type: AlgebraicType;
  /** Its BSATN. */
  readonly bytes: Uint8Array;
}

/** The caller's identity; where a bytes column is compared with it, its 32 bytes. */
export interface SenderValue {
  readonly kind: 'sender';
  readonly type: AlgebraicType;
}

export interface CheckedComparison {
  readonly kind: 'comparison';
  readonly type: AlgebraicType;
  readonly operator: ComparisonOperator;
  /** Both sides have the same type. */
  readonly left: CheckedExpression;
  readonly right: CheckedExpression;
}

export interface CheckedLogical {
  readonly kind: 'logical';
  readonly type: AlgebraicType;
  readonly operator: 'AND' | 'OR';
  readonly operands: readonly CheckedExpression[];
}

/**
 * Checks the expression of WHERE.
 * @throws QueryError `QUERY_NOT_IN_SCOPE`, `QUERY_TYPE_MISMATCH`, `QUERY_INVALID_LITERAL`, `QUERY_UNTYPED_LITERAL`,
 *   `QUERY_INVALID_OPERATOR`
 */
export function checkCondition(scope: Scope, expression: Expression): CheckedExpression {
  return check(scope, expression, types.bool);
}

/** `wanted` is the type that the place asks for, if it does; a literal takes its meaning from it. */
function check(scope: Scope, expression: Expression, wanted: AlgebraicType | undefined): CheckedExpression {
  switch (expression.kind) {
    case 'literal': {
      const type = wanted ?? (expression.form === 'bool' ? types.bool : undefined);
      if (!type) throw new QueryError('QUERY_UNTYPED_LITERAL', 'Cannot resolve type for literal expression');
      return { kind: 'constant', type, bytes: encodeLiteral(expression, type) };
    }
    case 'sender': {
      const type = wanted && typeEquals(wanted, types.bytes) ? types.bytes : types.identity;
      return mustBe({ kind: 'sender', type }, wanted);
    }
    case 'column':
      return mustBe({ kind: 'column', ...scope.mustFindColumn(expression) }, wanted);
    case 'comparison':
      return mustBe(checkComparisons(scope, expression), wanted);
    case 'logical':
      return mustBe(checkLogical(scope, expression), wanted);
  }
}

function mustBe(expression: CheckedExpression, wanted: AlgebraicType | undefined): CheckedExpression {
  if (wanted && !typeEquals(expression.type, wanted)) throw unexpectedType(expression.type, wanted);
  return expression;
}

function checkComparisons(scope: Scope, outermost: Comparison): CheckedComparison {
  const [innermost = outermost, ...others] = comparisonChain(outermost).toReversed();
  let checked = checkComparison(scope, innermost);
  for (const { operator, right } of others) checked = compare(operator, checked, check(scope, right, types.bool));
  return checked;
}

function checkComparison(scope: Scope, { operator, left, right }: Comparison): CheckedComparison {
  // The side that knows its own type comes first, and tells the other.
  const isRightFirst = left.kind === 'literal' || left.kind === 'sender';
  const [typing, typed] = isRightFirst ? [right, left] : [left, right];
  const first = check(scope, typing, undefined);
  const second = check(scope, typed, first.type);
  return isRightFirst ? compare(operator, second, first) : compare(operator, first, second);
}

/** Of two sides of one type. */
function compare(operator: ComparisonOperator, left: CheckedExpression, right: CheckedExpression): CheckedComparison {
  if (isComparable(left.type)) return { kind: 'comparison', type: types.bool, operator, left, right };
  const message = `Invalid binary operator \`${operator}\` for type \`${printType(left.type)}\``;
  throw new QueryError('QUERY_INVALID_OPERATOR', message);
}

function checkLogical(scope: Scope, { operator, operands }: Logical): CheckedLogical {
  const checked = operands.map((operand) => check(scope, operand, types.bool));
  return { kind: 'logical', type: types.bool, operator, operands: checked };
}
