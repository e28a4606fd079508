import { fc } from '@fast-check/vitest';
import { planSubscription, visitRows } from '../src/index.ts';
import { describeFollowing } from './follow-contract.ts';
import { MemoryDatabase } from './memory-database.ts';
import { condition, encodeRow, row, sender, shape } from './random-query.ts';

const { encode } = new MemoryDatabase([shape]).findTable('t')!.row;

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
  (database, sql) => {
    const plan = planSubscription(sql, database);
    const belongs = (bytes: Uint8Array): boolean => plan.matches?.(bytes, 0, sender) ?? true;
    return {
      rows() {
        const rows: Uint8Array[] = [];
        visitRows(plan, database, sender, { row: (bytes, start, end) => rows.push(bytes.slice(start, end)) > 0 });
        return rows;
      },
      changes(transaction) {
        const touched = transaction.filter(({ tableId }) => tableId === plan.table.id);
        return {
          inserts: touched.flatMap(({ inserts }) => inserts.filter(belongs)),
          deletes: touched.flatMap(({ deletes }) => deletes.filter(belongs)),
        };
      },
    };
  },
);
