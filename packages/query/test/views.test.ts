import { ByteReader, bytesToHex, compileRow, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { executeSelect, hiddenBytes, planStatement, planSubscription, visitRows } from '../src/index.ts';
import { MemoryDatabase } from './memory-database.ts';

const mine = new Uint8Array(32).fill(1);
const others = new Uint8Array(32).fill(2);
const sender = new Uint8Array(32).fill(7);

const database = new MemoryDatabase([
  {
    name: 'my_item',
    columns: [
      { name: 'arg_hash', type: types.u256 },
      { name: 'id', type: types.u8 },
      { name: 'name', type: types.string },
    ],
    indexes: [[0]],
    view: { argHash: mine, isPerCaller: true },
  },
]);
const view = database.findTable('my_item')!; // the one made above
for (const [argHash, id, name] of [
  [mine, 1, 'a'],
  [others, 2, 'b'],
  [mine, 3, 'c'],
] as const) {
  const row = Uint8Array.of(...argHash, id, 1, 0, 0, 0, name.charCodeAt(0));
  database.insert(view.id, row, 0, row.length);
}

function select(text: string): unknown[] {
  const plan = planStatement(text, database);
  if (plan.kind !== 'select') throw new Error('not a SELECT');
  const rowType = compileRow(plan.result, []);
  const rows: unknown[] = [];
  executeSelect(plan, database, sender, {
    row(bytes, start, end) {
      expect(rowType.validate(bytes, start, end)).toBe(end);
      return rows.push(rowType.decode(new ByteReader(bytes, start, end))) > 0;
    },
  });
  return rows;
}

describe('a view in FROM', () => {
  test.each([
    {
      text: 'SELECT * FROM my_item',
      rows: [
        { id: 1, name: 'a' },
        { id: 3, name: 'c' },
      ],
    },
    { text: 'SELECT v.* FROM my_item v WHERE v.id > 1', rows: [{ id: 3, name: 'c' }] },
    { text: 'SELECT name AS n FROM my_item WHERE id = 1 OR id = 2', rows: [{ n: 'a' }] },
    { text: 'SELECT COUNT(*) AS n FROM my_item', rows: [{ n: 2n }] },
    { text: 'SELECT * FROM my_item LIMIT 1', rows: [{ id: 1, name: 'a' }] },
  ])("$text yields the rows of the caller's instance through its index", ({ text, rows }) => {
    const seeks = database.seeks;
    expect(select(text)).toEqual(rows);
    expect(database.seeks).toBe(seeks + 1);
  });

  test.each([
    ['SELECT arg_hash FROM my_item', '`arg_hash` is not in scope'],
    ['SELECT * FROM my_item WHERE arg_hash = 0', '`arg_hash` is not in scope'],
    ["INSERT INTO my_item (id, name) VALUES (1, 'a')", '`my_item` is a view; DML on views is not supported'],
    ['DELETE FROM my_item', '`my_item` is a view; DML on views is not supported'],
    ["UPDATE my_item SET name = 'a'", '`my_item` is a view; DML on views is not supported'],
  ])('%s is refused', (text, message) => {
    expect(() => planStatement(text, database)).toThrow(expect.objectContaining({ name: 'QueryError', message }));
  });

  test('a subscription says which instance it reads, and tells stored rows of it from others', () => {
    const plan = planSubscription('SELECT * FROM my_item WHERE id < 3', database);
    expect(plan).toMatchObject({ usesSender: true, views: [{ tableId: view.id, isPerCaller: true }] });
    const matches = plan.kind === 'table' ? plan.matches : undefined;
    expect(database.rows(view.id).map((row) => matches?.(row, 0, sender))).toEqual([true, false, false]);
    expect(hiddenBytes(plan.table)).toBe(32);
    const rows: string[] = [];
    visitRows(plan, database, sender, {
      row: (bytes, start, end) => rows.push(bytesToHex(bytes.subarray(start, end))) > 0,
    });
    expect(rows).toEqual(['010100000061']);
  });
});
