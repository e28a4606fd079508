import { fc, test as property } from '@fast-check/vitest';
import { bytesToHex } from '@lightcone/sats';
import { describe, expect } from 'vitest';
import { MemoryDatabase, type TableShape } from './memory-database.ts';

/** What one transaction did to one table. */
export interface TableChange {
  readonly tableId: number;
  readonly inserts: readonly Uint8Array[];
  readonly deletes: readonly Uint8Array[];
}

/** A query that is kept up to date. */
export interface FollowedQuery {
  /** Its rows now. */
  rows(): readonly Uint8Array[];
  /** What a transaction that is just committed does to its rows, as a bag. */
  changes(transaction: readonly TableChange[]): { inserts: readonly Uint8Array[]; deletes: readonly Uint8Array[] };
}

export interface FollowCase {
  readonly tables: readonly TableShape[];
  /** A row of one of the tables. Few different ones, so that rows come back and meet. */
  readonly row: fc.Arbitrary<{ readonly tableId: number; readonly bytes: Uint8Array }>;
  readonly query: fc.Arbitrary<string>;
  /** How many rows one transaction touches at most; 6 unless given. */
  readonly steps?: number;
  /** How many cases are tried, unless the environment says it. */
  readonly numRuns?: number;
}

/**
 * What every way of following a query must keep to: its first rows, with the changes of each transaction applied,
 * are at all times the bag of rows that the query yields when run afresh.
 */
export function describeFollowing(
  name: string,
  { tables, row, query, steps: maxSteps = 6, numRuns: defaultRuns = 300 }: FollowCase,
  follow: (database: MemoryDatabase, sql: string) => FollowedQuery,
): void {
  // One step inserts the row if it is absent and deletes it if it is present.
  const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? defaultRuns);
  const transaction = fc.array(row, { maxLength: maxSteps, size: 'max' });

  describe(`following ${name}`, () => {
    property.prop([query, fc.array(row, { maxLength: 12 }), fc.array(transaction, { maxLength: 6 })], { numRuns })(
      'first rows and changes add up to the query run afresh',
      (sql, initial, transactions) => {
        const database = new MemoryDatabase(tables);
        for (const { tableId, bytes } of initial) database.insert(tableId, bytes, 0, bytes.length);
        const followed = follow(database, sql);
        const counts = new Map<string, number>();
        const add = (rows: readonly Uint8Array[], weight: number): void => {
          for (const bytes of rows) {
            const key = bytesToHex(bytes);
            counts.set(key, (counts.get(key) ?? 0) + weight);
          }
        };

        add(followed.rows(), 1);
        for (const steps of transactions) {
          const { inserts, deletes } = followed.changes(apply(database, steps));
          add(inserts, 1);
          add(deletes, -1);
          const known = [...counts].flatMap(([key, count]) => Array.from({ length: count }, () => key));
          expect([...counts.values()].every((count) => count >= 0)).toBe(true);
          expect(known.toSorted()).toEqual(follow(database, sql).rows().map(bytesToHex).toSorted());
        }
      },
    );
  });
}

/** Runs one transaction and returns its net effect. */
function apply(database: MemoryDatabase, steps: readonly { tableId: number; bytes: Uint8Array }[]): TableChange[] {
  const tableIds = [...new Set(steps.map(({ tableId }) => tableId))];
  const before = new Map(tableIds.map((id) => [id, new Set(database.rows(id).map(bytesToHex))]));
  for (const { tableId, bytes } of steps) {
    if (!database.insert(tableId, bytes, 0, bytes.length)) database.delete(tableId, bytes, 0, bytes.length);
  }
  return tableIds.map((tableId) => {
    const old = before.get(tableId) ?? new Set();
    const now = database.rows(tableId);
    const kept = new Set(now.map(bytesToHex));
    return {
      tableId,
      inserts: now.filter((bytes) => !old.has(bytesToHex(bytes))),
      deletes: [...old].filter((hex) => !kept.has(hex)).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    };
  });
}
