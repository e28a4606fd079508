import { type AlgebraicType, typeEquals, types } from '@lightcone/sats';
import { QueryError } from '../errors.ts';
import type { Comparison, ComparisonOperator, Expression, Logical } from '../sql/syntax.ts';
import { isComparable } from './comparable.ts';
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
 * A tree of more levels is refused. Chains of AND and OR are one level and parentheses nest at most 47 deep, so only
 * comparisons of comparisons get here; the limit keeps this recursion and that of the compiled predicate small.
 */
const MAX_LEVELS = 200;

/**
 * Checks the expression of WHERE.
 * @throws QueryError `QUERY_NOT_IN_SCOPE`, `QUERY_TYPE_MISMATCH`, `QUERY_INVALID_LITERAL`, `QUERY_UNTYPED_LITERAL`,
 *   `QUERY_INVALID_OPERATOR`, `QUERY_TOO_DEEP`
 */
export function checkCondition(scope: Scope, expression: Expression): CheckedExpression {
  return check(scope, expression, types.bool, 0);
}

/** `wanted` is the type that the place asks for, if it does; a literal takes its meaning from it. */
function check(
  scope: Scope,
  expression: Expression,
  wanted: AlgebraicType | undefined,
  level: number,
): CheckedExpression {
  if (level > MAX_LEVELS) {
    throw new QueryError('QUERY_TOO_DEEP', 'Recursion limit exceeded, `expr::type_expr`');
  }
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
      return mustBe(checkComparison(scope, expression, level), wanted);
    case 'logical':
      return mustBe(checkLogical(scope, expression, level), wanted);
  }
}

function mustBe(expression: CheckedExpression, wanted: AlgebraicType | undefined): CheckedExpression {
  if (wanted && !typeEquals(expression.type, wanted)) throw unexpectedType(expression.type, wanted);
  return expression;
}

function checkComparison(scope: Scope, comparison: Comparison, level: number): CheckedComparison {
  const { operator } = comparison;
  // The side that knows its own type comes first, and tells the other.
  const isRightFirst = comparison.left.kind === 'literal' || comparison.left.kind === 'sender';
  const [typing, typed] = isRightFirst ? [comparison.right, comparison.left] : [comparison.left, comparison.right];
  const first = check(scope, typing, undefined, level + 1);
  const second = check(scope, typed, first.type, level + 1);
  if (!isComparable(first.type)) {
    const message = `Invalid binary operator \`${operator}\` for type \`${printType(first.type)}\``;
    throw new QueryError('QUERY_INVALID_OPERATOR', message);
  }
  const [left, right] = isRightFirst ? [second, first] : [first, second];
  return { kind: 'comparison', type: types.bool, operator, left, right };
}

function checkLogical(scope: Scope, { operator, operands }: Logical, level: number): CheckedLogical {
  const checked = operands.map((operand) => check(scope, operand, types.bool, level + 1));
  return { kind: 'logical', type: types.bool, operator, operands: checked };
}
