import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { type Catalog, QueryError, explainPlan, planQuery, planStatement } from '../src/index.ts';
import { MemoryDatabase } from './memory-database.ts';

const database = new MemoryDatabase([
  {
    name: 'item',
    columns: [
      { name: 'id', type: types.u32 },
      { name: 'room', type: types.u32 },
      { name: 'kind', type: types.u8 },
      { name: 'name', type: types.string },
      { name: 'flag', type: types.bool },
      { name: 'data', type: types.bytes },
    ],
    indexes: [[0], [1, 2], [3]],
    unique: [{ column: 0, indexName: 'item_id' }],
  },
  {
    name: 'room',
    columns: [
      { name: 'id', type: types.u32 },
      { name: 'owner', type: types.identity },
    ],
    indexes: [[0]],
    rules: ['SELECT * FROM room WHERE owner = :sender', 'SELECT room.* FROM room JOIN guest ON guest.room = room.id'],
  },
  {
    name: 'guest',
    isPrivate: true,
    columns: [
      { name: 'room', type: types.u32 },
      { name: 'who', type: types.identity },
    ],
    indexes: [[0]],
  },
  {
    name: 'mine',
    columns: [
      { name: 'arg_hash', type: types.u256 },
      { name: 'id', type: types.u32 },
      { name: 'a b', type: types.timestamp },
    ],
    indexes: [[0], [0, 1]],
    view: { argHash: new Uint8Array(32), isPerCaller: true },
  },
]);

function explain(query: string, catalog: Catalog = database): string[] {
  const plan = planStatement(`EXPLAIN ${query}`, catalog);
  if (plan.kind !== 'explain') throw new Error('EXPLAIN is planned as something else');
  return explainPlan(plan);
}

test.each([
  { query: 'SELECT * FROM item', lines: ['return rows of item', 'scan item'] },
  {
    query: "SELECT name, id AS n FROM item i WHERE id = 5 AND name <> 'it''s' LIMIT 3",
    lines: [
      'return columns i.name, i.id AS n',
      'at most 3 rows',
      'look up item AS i by its index on (id): i.id = 5',
      "  filter: i.name <> 'it''s'",
    ],
  },
  {
    query: 'SELECT COUNT(*) AS n FROM item WHERE 2 = kind AND (flag OR id > 7 AND data = 0xab) AND room = 1',
    lines: [
      'return the number of rows',
      'look up item by its index on (room, kind): item.room = 1 AND item.kind = 2',
      '  filter: (item.flag OR (item.id > 7 AND item.data = 0xab))',
    ],
  },
  // The second of two terms about one column of the key still has to be tested.
  {
    query: 'SELECT * FROM item WHERE id = 1 AND id = 2',
    lines: ['return rows of item', 'look up item by its index on (id): item.id = 1', '  filter: item.id = 2'],
  },
  {
    query: 'SELECT i.id, r.owner FROM item i JOIN room r ON i.room = r.id WHERE i.flag = true AND i.id < r.id',
    lines: [
      'return columns i.id, r.owner',
      'scan item AS i',
      '  filter: i.flag = true',
      'look up room AS r by its index on (id): r.id = i.room',
      '  filter: i.id < r.id',
    ],
  },
  {
    query: 'SELECT room.* FROM item JOIN room ON item.room = room.id WHERE item.id = 3',
    lines: [
      'return rows of room',
      'look up item by its index on (id): item.id = 3',
      'look up room by its index on (id): room.id = item.room',
    ],
  },
  {
    query: 'SELECT a.* FROM guest a JOIN guest b ON a.who = b.who',
    lines: [
      'return rows of a',
      'scan guest AS a',
      'read all of guest AS b once, look it up by a hash on (who): b.who = a.who',
    ],
  },
  {
    query: 'SELECT * FROM mine WHERE "a b" >= \'1970-01-01T00:00:01Z\'',
    lines: [
      'return rows of mine',
      'look up the caller’s rows of view mine by its index on (arg_hash)',
      '  filter: mine."a b" >= \'1970-01-01T00:00:01+00:00\'',
    ],
  },
  {
    query: 'SELECT m.* FROM item i JOIN mine m ON m.id = i.id WHERE i.room = 4 AND i.kind = 1',
    lines: [
      'return rows of m',
      'look up item AS i by its index on (room, kind): i.room = 4 AND i.kind = 1',
      'look up the caller’s rows of view mine AS m by its index on (arg_hash, id): m.id = i.id',
    ],
  },
  // Both are single rows, so no index is better; else it is that of the join, so that not every row meets every other.
  {
    query: 'SELECT a.* FROM item a JOIN item b ON a.name = b.name WHERE a.id = 1 AND b.id = 2',
    lines: [
      'return rows of a',
      'look up item AS a by its index on (id): a.id = 1',
      'look up item AS b by its index on (id): b.id = 2',
      '  filter: a.name = b.name',
    ],
  },
  {
    query:
      'SELECT a.* FROM item a JOIN item b ON a.name = b.name WHERE a.room = 1 AND a.kind = 1 AND b.room = 2 AND b.kind = 2',
    lines: [
      'return rows of a',
      'look up item AS a by its index on (room, kind): a.room = 1 AND a.kind = 1',
      'look up item AS b by its index on (name): b.name = a.name',
      '  filter: b.room = 2 AND b.kind = 2',
    ],
  },
])('$query is explained', ({ query, lines }) => {
  expect(explain(query)).toEqual(lines);
});

test('the rules that others are under are part of their plan', () => {
  expect(explain('SELECT * FROM room WHERE id = 1')).toEqual([
    'return rows of room',
    'look up room by its index on (id): room.id = 1',
  ]);
  expect(explain('SELECT * FROM room WHERE id = 1', database.strangers)).toEqual([
    'return rows of room',
    'under rules 1 of 2',
    '  look up room by its index on (id): room.id = 1',
    '    filter: room.owner = :sender',
    'under rules 2 of 2',
    '  look up room by its index on (id): room.id = 1',
    '  look up guest (of a rule) by its index on (room): guest.room = room.id',
    'each row once, however often it is found',
  ]);
});

test.each([
  { text: 'EXPLAIN SELECT * FROM nope', code: 'QUERY_UNKNOWN_TABLE' },
  { text: 'EXPLAIN SELECT * FROM item WHERE id = true', code: 'QUERY_TYPE_MISMATCH' },
  { text: 'EXPLAIN SELECT * FROM item ORDER BY id', code: 'QUERY_UNSUPPORTED' },
  { text: 'EXPLAIN DELETE FROM item', code: 'QUERY_UNSUPPORTED' },
  { text: 'EXPLAIN ANALYZE SELECT * FROM item', code: 'QUERY_UNSUPPORTED' },
  { text: 'EXPLAIN EXPLAIN SELECT * FROM item', code: 'QUERY_UNSUPPORTED' },
  { text: 'EXPLAIN', code: 'QUERY_UNSUPPORTED' },
])('$text is refused', ({ text, code }) => {
  expect(() => planStatement(text, database)).toThrow(expect.objectContaining({ code }));
});

test('the subscription dialect has no EXPLAIN', () => {
  expect(() => planQuery('EXPLAIN SELECT * FROM item', database)).toThrow(
    new QueryError('QUERY_UNSUPPORTED', 'Unsupported: EXPLAIN SELECT * FROM item'),
  );
});

test('comparisons of comparisons are printed as they were written', () => {
  const condition = 'item.flag = TRUE < (item.id = 7) <> FALSE';
  expect(explain(`SELECT * FROM item WHERE ${condition}`).join('\n')).toContain(condition.toLowerCase());
});
