import type { RowsPlan } from '../plan/plan-rows.ts';
import { visitTable } from '../plan/table-plan.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import { visitJoin } from './visit-join.ts';

/**
 * Visits the rows that a plan yields, as clients get them, until the visitor has enough. A row of a join comes as often
 * as it finds partners.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function visitRows(plan: RowsPlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  if (plan.kind === 'table') visitTable(plan, source, sender, visitor);
  else visitJoin(plan, source, sender, visitor);
}
