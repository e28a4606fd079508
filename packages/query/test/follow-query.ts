import { type Catalog, JoinEvaluator, type RowVisitor, planSubscription, visitRows } from '../src/index.ts';
import type { FollowedQuery, TableChange } from './follow-contract.ts';
import type { MemoryDatabase } from './memory-database.ts';

/** Follows a query the way the engine does. */
export function follow(database: MemoryDatabase, sql: string, catalog: Catalog, sender: Uint8Array): FollowedQuery {
  const plan = planSubscription(sql, catalog);
  const evaluator = new JoinEvaluator();
  const collect = (visit: (visitor: RowVisitor) => void): Uint8Array[] => {
    const rows: Uint8Array[] = [];
    visit({ row: (bytes, start, end) => rows.push(bytes.slice(start, end)) > 0 });
    return rows;
  };
  return {
    rows: () => collect((visitor) => visitRows(plan, database, sender, visitor)),
    changes(transaction) {
      if (plan.kind === 'table') {
        const belongs = (bytes: Uint8Array): boolean => plan.matches?.(bytes, 0, sender) ?? true;
        const touched = transaction.filter(({ tableId }) => tableId === plan.table.id);
        return {
          inserts: touched.flatMap(({ inserts }) => inserts.filter(belongs)),
          deletes: touched.flatMap(({ deletes }) => deletes.filter(belongs)),
        };
      }
      const changed = evaluator.evaluate(plan, database, changesOf(transaction), sender);
      return {
        inserts: collect((visitor) => changed.visit(1, visitor)),
        deletes: collect((visitor) => changed.visit(-1, visitor)),
      };
    },
  };
}

function changesOf(transaction: readonly TableChange[]): Parameters<JoinEvaluator['evaluate']>[2] {
  const find = (tableId: number): TableChange =>
    transaction.find((change) => change.tableId === tableId) ?? { tableId, inserts: [], deletes: [] };
  const visit = (rows: readonly Uint8Array[], visitor: RowVisitor): void => {
    for (const bytes of rows) if (!visitor.row(bytes, 0, bytes.length)) return;
  };
  return {
    count: (tableId) => find(tableId).inserts.length + find(tableId).deletes.length,
    visitInserts: (tableId, visitor) => visit(find(tableId).inserts, visitor),
    visitDeletes: (tableId, visitor) => visit(find(tableId).deletes, visitor),
  };
}
