import { fc } from '@fast-check/vitest';
import { type FollowedQuery, describeFollowing } from './follow-contract.ts';
import { follow } from './follow-query.ts';
import { MemoryDatabase, type TableShape } from './memory-database.ts';
import * as join from './random-join.ts';
import { condition, encodeRow, row, sender, shape } from './random-query.ts';

const { encode } = new MemoryDatabase([shape]).findTable('t')!.row;

const followAsOwner = (database: MemoryDatabase, sql: string): FollowedQuery => follow(database, sql, database, sender);

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
  followAsOwner,
);

const smallRows = fc
  .tuple(fc.nat(2), join.smallRow)
  .map(([tableId, values]) => ({ tableId, bytes: join.encodeSmallRow(values) }));
const twoTables = fc
  .tuple(join.joinQuery({ maxTables: 2, crossJoins: false }), fc.nat(1))
  .map(([query, position]) => `SELECT t${position}.* ${join.sqlOf(query)}`);

describeFollowing('two tables', { tables: join.tables, row: smallRows, query: twoTables, steps: 12 }, followAsOwner);
describeFollowing(
  'two tables that change a lot at once',
  { tables: join.tables as readonly TableShape[], row: smallRows, query: twoTables, steps: 90 },
  followAsOwner,
);
