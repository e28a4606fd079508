import {
  ArrayLiteralExpression,
  type Expression,
  FalseExpression,
  FloatLiteralExpression,
  IdentifierExpression,
  IntegerLiteralExpression,
  NullExpression,
  ObjectLiteralExpression,
  PropertyAccessExpression,
  StringLiteralExpression,
  TrueExpression,
  UnaryPrefixExpression,
} from 'assemblyscript';

/** A value that stands in the source as it is, as the arguments of decorators must. */
export type Literal =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Literal[]
  | { readonly names: readonly string[] }
  | ReadonlyMap<string, Expression>;

/** What an expression says, or `undefined` if that would have to be computed. Names are `{ names }`: `Color.Red`. */
export function literalOf(expression: Expression): Literal | undefined {
  // Before identifiers: the compiler's classes for these extend that of identifiers.
  if (expression instanceof NullExpression) return null;
  if (expression instanceof TrueExpression) return true;
  if (expression instanceof FalseExpression) return false;
  if (expression instanceof StringLiteralExpression) return expression.value;
  if (expression instanceof IntegerLiteralExpression) return integerOf(expression);
  if (expression instanceof FloatLiteralExpression) return expression.value;
  if (expression instanceof UnaryPrefixExpression) return negated(expression);
  if (expression instanceof ArrayLiteralExpression) {
    const elements = expression.elementExpressions.map(literalOf);
    return elements.every((element) => element !== undefined) ? elements : undefined;
  }
  if (expression instanceof ObjectLiteralExpression) {
    return new Map(expression.names.map((name, at) => [name.text, expression.values[at] as Expression]));
  }
  const names = namesOf(expression);
  return names && { names };
}

function integerOf(expression: IntegerLiteralExpression): bigint {
  // The text, as the compiler keeps only 64 bits.
  const text = expression.range.source.text.slice(expression.range.start, expression.range.end);
  return BigInt(text.replaceAll('_', ''));
}

function negated(expression: UnaryPrefixExpression): Literal | undefined {
  const text = expression.range.source.text.slice(expression.range.start, expression.operand.range.start).trim();
  const operand = literalOf(expression.operand);
  if (text !== '-' || (typeof operand !== 'bigint' && typeof operand !== 'number')) return undefined;
  return -operand;
}

function namesOf(expression: Expression): string[] | undefined {
  if (expression instanceof IdentifierExpression) return [expression.text];
  if (!(expression instanceof PropertyAccessExpression)) return undefined;
  const names = namesOf(expression.expression);
  return names && [...names, expression.property.text];
}
