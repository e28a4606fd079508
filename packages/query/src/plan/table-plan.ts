import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import { type IndexPoint, chooseIndexPoint } from './index-point.ts';
import { type Predicate, compilePredicate } from './predicate.ts';

/** Whole rows of one table: what a subscription follows, and what the other statements start from. */
export interface TablePlan {
  readonly table: CatalogTable;
  /**
   * Says of any row of the table, one that was read or one that a transaction changed, whether it belongs.
   * Undefined when all do.
   */
  readonly matches: Predicate | undefined;
  /** An index key that all matching rows have. */
  readonly point: IndexPoint | undefined;
  /** Whether the rows depend on who asks. */
  readonly usesSender: boolean;
}

/** Plans the rows of a table that a condition selects; all without one. */
export function planTable(table: CatalogTable, condition: CheckedExpression | undefined): TablePlan {
  if (!condition) return { table, matches: undefined, point: undefined, usesSender: false };
  return {
    table,
    matches: compilePredicate(condition, table.row),
    point: chooseIndexPoint(table, condition),
    usesSender: mentionsSender(condition),
  };
}

/**
 * Visits the rows that the plan selects.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function visitRows(plan: TablePlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  const { table, matches, point } = plan;
  const filter = matches ? new RowFilter(matches, sender, visitor) : visitor;
  if (point) source.seek(point.indexId, point.keyFor(sender), filter);
  else source.scan(table.id, filter);
}

class RowFilter implements RowVisitor {
  readonly #matches: Predicate;
  readonly #sender: Uint8Array;
  readonly #next: RowVisitor;
  constructor(matches: Predicate, sender: Uint8Array, next: RowVisitor) {
    this.#matches = matches;
    this.#sender = sender;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    return !this.#matches(bytes, start, this.#sender) || this.#next.row(bytes, start, end);
  }
}

function mentionsSender(expression: CheckedExpression): boolean {
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
