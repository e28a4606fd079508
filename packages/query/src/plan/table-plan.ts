import { types } from '@lightcone/sats';
import { type CatalogTable, type ViewInstance, hiddenBytes } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import { type IndexPoint, chooseIndexPoint } from './index-point.ts';
import { type Predicate, compilePredicate } from './predicate.ts';

/** Whole rows of one table: what a subscription follows, and what the other statements start from. */
export interface TablePlan {
  readonly table: CatalogTable;
  /**
   * Says of any row of the table, one that was read or one that a transaction changed, whether it belongs.
   * Undefined when all do. Takes rows as they are stored.
   */
  readonly matches: Predicate | undefined;
  /** An index key that all matching rows have. */
  readonly point: IndexPoint | undefined;
  /** Whether the rows depend on who asks. */
  readonly usesSender: boolean;
  /** What has to be there before the plan is run. */
  readonly views: readonly ViewInstance[];
}

/** Plans the rows of a table that a condition selects; all without one. */
export function planTable(table: CatalogTable, where: CheckedExpression | undefined): TablePlan {
  const { view } = table;
  const condition = view ? ofInstance(table, view, where) : where;
  return {
    table,
    matches: condition && compilePredicate(condition, table.row),
    point: condition && chooseIndexPoint(table, condition),
    usesSender: view?.isPerCaller === true || (condition !== undefined && mentionsSender(condition)),
    views: view ? [view] : [],
  };
}

/** The condition on a view's table: that of the query, for the rows of one instance. */
function ofInstance(table: CatalogTable, view: ViewInstance, where: CheckedExpression | undefined): CheckedExpression {
  const { type } = table.columns[0]!; // a view's table has the hidden column
  const isOfInstance: CheckedExpression = {
    kind: 'comparison',
    type: types.bool,
    operator: '=',
    left: { kind: 'column', type, table: 0, column: 0 },
    right: { kind: 'constant', type, bytes: view.argHash },
  };
  if (!where) return isOfInstance;
  return { kind: 'logical', type: types.bool, operator: 'AND', operands: [isOfInstance, where] };
}

/**
 * Visits the rows that the plan selects, without hidden columns.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function visitRows(plan: TablePlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  const hidden = hiddenBytes(plan.table);
  visitStoredRows(plan, source, sender, hidden > 0 ? new PrefixRemoval(hidden, visitor) : visitor);
}

/** As `visitRows`, but the rows are as they are stored. */
export function visitStoredRows(plan: TablePlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
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

class PrefixRemoval implements RowVisitor {
  readonly #bytes: number;
  readonly #next: RowVisitor;
  constructor(bytes: number, next: RowVisitor) {
    this.#bytes = bytes;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#next.row(bytes, start + this.#bytes, end);
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
