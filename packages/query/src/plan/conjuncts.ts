import type { CheckedExpression } from '../check/check-expression.ts';
import { comparisonChain } from '../check/comparison-chain.ts';

/** The conditions that must all hold for a condition to hold: AND, taken apart. */
export function conjunctsOf(condition: CheckedExpression | undefined): CheckedExpression[] {
  if (condition === undefined) return [];
  if (condition.kind !== 'logical' || condition.operator !== 'AND') return [condition];
  return condition.operands.flatMap(conjunctsOf);
}

/** Adds the positions of the tables that an expression mentions. */
export function collectTables(expression: CheckedExpression, tables: Set<number>): void {
  for (const operand of operandsOf(expression)) if (operand.kind === 'column') tables.add(operand.table);
}

export function mentionsSender(expression: CheckedExpression): boolean {
  return operandsOf(expression).some(({ kind }) => kind === 'sender');
}

/** The columns and values of an expression. */
function operandsOf(expression: CheckedExpression): CheckedExpression[] {
  switch (expression.kind) {
    case 'column':
    case 'constant':
    case 'sender':
      return [expression];
    case 'logical':
      return expression.operands.flatMap(operandsOf);
    case 'comparison': {
      const chain = comparisonChain(expression);
      const innermost = chain[chain.length - 1]!; // a chain begins with the expression
      return [innermost.left, ...chain.map(({ right }) => right)].flatMap(operandsOf);
    }
  }
}
