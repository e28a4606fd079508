import type { CheckedExpression } from '../check/check-expression.ts';

/** The conditions that must all hold for a condition to hold: AND, taken apart. */
export function conjunctsOf(condition: CheckedExpression | undefined): CheckedExpression[] {
  if (condition === undefined) return [];
  if (condition.kind !== 'logical' || condition.operator !== 'AND') return [condition];
  return condition.operands.flatMap(conjunctsOf);
}

/** Adds the positions of the tables that an expression mentions. */
export function collectTables(expression: CheckedExpression, tables: Set<number>): void {
  switch (expression.kind) {
    case 'column':
      tables.add(expression.table);
      break;
    case 'comparison':
      collectTables(expression.left, tables);
      collectTables(expression.right, tables);
      break;
    case 'logical':
      for (const operand of expression.operands) collectTables(operand, tables);
      break;
    case 'constant':
    case 'sender':
      break;
  }
}

export function mentionsSender(expression: CheckedExpression): boolean {
  switch (expression.kind) {
    case 'sender':
      return true;
    case 'comparison':
      return mentionsSender(expression.left) || mentionsSender(expression.right);
    case 'logical':
      return expression.operands.some(mentionsSender);
    case 'column':
    case 'constant':
      return false;
  }
}
