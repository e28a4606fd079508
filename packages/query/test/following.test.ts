import { fc } from '@fast-check/vitest';
import { JoinEvaluator, planSubscription, visitRows } from '../src/index.ts';
import type { RowVisitor } from '../src/index.ts';
import { type FollowedQuery, type TableChange, describeFollowing } from './follow-contract.ts';
import { MemoryDatabase, type TableShape } from './memory-database.ts';
import * as join from './random-join.ts';
import { condition, encodeRow, row, sender, shape } from './random-query.ts';

const { encode } = new MemoryDatabase([shape]).findTable('t')!.row;

/** Follows a query the way the engine does. */
function follow(database: MemoryDatabase, sql: string): FollowedQuery {
  const plan = planSubscription(sql, database);
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

describeFollowing(
  'one table',
  {
    tables: [shape],
    // From a handful of rows, so that transactions delete what others inserted.
    row: fc
      .integer({ min: 0, max: 7 })
      .map((seed) => ({ tableId: 0, bytes: encodeRow(encode, fc.sample(row, { seed, numRuns: 1 })[0]!) })),
    query: condition.map(({ sql }) => `SELECT * FROM t WHERE ${sql}`),
  },
  follow,
);

const smallRows = fc
  .tuple(fc.nat(2), join.smallRow)
  .map(([tableId, values]) => ({ tableId, bytes: join.encodeSmallRow(values) }));
const twoTables = fc
  .tuple(join.joinQuery({ maxTables: 2, crossJoins: false }), fc.nat(1))
  .map(([query, position]) => `SELECT t${position}.* ${join.sqlOf(query)}`);

describeFollowing('two tables', { tables: join.tables, row: smallRows, query: twoTables, steps: 12 }, follow);
describeFollowing(
  'two tables that change a lot at once',
  { tables: join.tables as readonly TableShape[], row: smallRows, query: twoTables, steps: 90 },
  follow,
);
