import { ByteReader, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { MemoryDatabase } from './memory-database.ts';
import { planStatement } from '../src/plan/plan-statement.ts';
import { type MutationStatistics, executeMutation } from '../src/execute/execute-mutation.ts';

const sender = new Uint8Array(32);

function fresh(): MemoryDatabase {
  const database = new MemoryDatabase([
    {
      name: 't',
      columns: [
        { name: 'id', type: types.u8 },
        { name: 'name', accessorName: 'Name', type: types.string },
        { name: 'score', type: types.i64 },
      ],
      unique: [{ column: 0, indexName: 't_id' }],
    },
    {
      name: 'pair',
      columns: [
        { name: 'x', type: types.u8 },
        { name: 'y', type: types.u8 },
      ],
    },
    {
      name: 'st_var',
      columns: [
        { name: 'name', type: types.string },
        {
          name: 'value',
          type: types.sum(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'U64'].map((name) => [name, types.u64])),
        },
      ],
    },
  ]);
  run(database, "INSERT INTO t (id, name, score) VALUES (1, 'one', -1), (2, 'two', -2), (3, 'three', -3)");
  run(database, 'INSERT INTO pair (x, y) VALUES (1, 1), (1, 2), (2, 1)');
  return database;
}

function run(database: MemoryDatabase, text: string): MutationStatistics {
  const plan = planStatement(text, database);
  if (plan.kind === 'select' || plan.kind === 'explain') throw new Error('changes nothing');
  return database.transaction(() => executeMutation(plan, database, sender, database));
}

function rows(database: MemoryDatabase, table: string): unknown[] {
  const { id, row } = database.findTable(table)!; // one of the tables above
  return database.rows(id).map((bytes) => Object.values(row.decode(new ByteReader(bytes))));
}

test.each([
  {
    text: "UPDATE t SET name = 'a longer name', Name = 'x' WHERE id >= 2",
    updated: 2,
    table: 't',
    after: [
      [1, 'one', -1n],
      [2, 'a longer name', -2n],
      [3, 'a longer name', -3n],
    ],
  },
  {
    text: "UPDATE t SET id = 9, name = '' WHERE t.id = 1",
    updated: 1,
    table: 't',
    after: [
      [2, 'two', -2n],
      [3, 'three', -3n],
      [9, '', -1n],
    ],
  },
  {
    text: 'UPDATE t SET score = 5 WHERE id = 7',
    updated: 0,
    table: 't',
    after: [
      [1, 'one', -1n],
      [2, 'two', -2n],
      [3, 'three', -3n],
    ],
  },
  {
    text: 'UPDATE pair SET y = 7',
    updated: 3,
    table: 'pair',
    after: [
      [1, 7],
      [2, 7],
    ],
  },
  {
    text: 'UPDATE pair SET x = 1 WHERE x = 1',
    updated: 2,
    table: 'pair',
    after: [
      [2, 1],
      [1, 1],
      [1, 2],
    ],
  },
  { text: 'DELETE FROM pair WHERE y = 1', deleted: 2, table: 'pair', after: [[1, 2]] },
  { text: 'DELETE FROM pair', deleted: 3, table: 'pair', after: [] },
  {
    text: 'INSERT INTO pair (a, a) VALUES (9, 9), (1, 1), (9, 9)',
    inserted: 1,
    table: 'pair',
    after: [
      [1, 1],
      [1, 2],
      [2, 1],
      [9, 9],
    ],
  },
])('$text', ({ text, inserted = 0, deleted = 0, updated = 0, table, after }) => {
  const database = fresh();
  expect(run(database, text)).toEqual({ rowsInserted: inserted, rowsDeleted: deleted, rowsUpdated: updated });
  expect(rows(database, table)).toEqual(after);
});

test('an error of the writer ends the statement', () => {
  const database = fresh();
  expect(() => run(database, 'UPDATE t SET id = 2 WHERE id = 1')).toThrow("Unique constraint violation 't_id'");
  expect(rows(database, 't')).toHaveLength(3);
});

test('[90 #11] SET replaces the value of a variable', () => {
  const database = fresh();
  expect(run(database, 'SET row_limit = 5').rowsInserted).toBe(1);
  expect(run(database, 'SET row_limit = 5').rowsInserted).toBe(0);
  expect(run(database, 'SET row_limit TO 6e0').rowsInserted).toBe(1);
  expect(rows(database, 'st_var')).toEqual([['row_limit', { tag: 'U64', value: 6n }]]);
});
