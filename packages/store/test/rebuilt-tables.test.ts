import { type ByteWriter, compileRow, SatsError, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { type TableDefinition, UNIQUE_VIOLATION } from '../src/index.ts';
import { counting, type Fields, OneTable, person, unique } from './one-table.ts';

describe('a table rebuilt', () => {
  const wide: Fields = [...person, ['age', types.u8]];
  const definition = (parts: Partial<TableDefinition> = {}): TableDefinition => ({
    id: 9,
    name: 't',
    row: compileRow(types.product(wide), []),
    indexes: [{ ...unique(0), id: 90 }],
    sequences: [counting(0, { id: 90 })],
    isEvent: false,
    isEphemeral: false,
    ...parts,
  });
  const addAge = (bytes: Uint8Array, start: number, end: number, row: ByteWriter): void => {
    row.slice(bytes, start, end);
    row.u8(18);
  };

  /** Rows 1 and 2; row 3 is one that the rebuilding transaction inserted. */
  function filled(): OneTable {
    const t = new OneTable(person, [unique(0)], { sequences: [counting(0)] });
    t.insert({ id: 0, name: 'a' });
    t.insert({ id: 0, name: 'b' });
    t.commit();
    t.insert({ id: 0, name: 'c' });
    return t;
  }

  test('has all rows in their order, and the delta shows them go and come', () => {
    const t = filled();
    const old = t.table;
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    expect(t.rows().map(({ id, name, age }) => [id, name, age])).toEqual([[1, 'a', 18], [2, 'b', 18], [3, 'c', 18]]); // prettier-ignore
    const deltas = t.transaction.commit().tables;
    expect(deltas.map(({ table }) => table)).toEqual([old, t.table]);
    expect(deltas.map(({ inserts, deletes }) => [inserts.length, deletes.length])).toEqual([[0, 2], [3, 0]]); // prettier-ignore
    expect(deltas[0]!.isTruncated).toBe(true);
    expect(t.store.tables.has(1)).toBe(false);
  });

  test('goes on with the value and the boundary of its sequence, under its new id', () => {
    const t = filled();
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    t.insert({ id: 0, name: 'd', age: 1 });
    expect(t.rows().at(-1)).toEqual({ id: 4, name: 'd', age: 1 });
    t.commit();
    expect(t.saved).toEqual([[1, 4097n], [90, 4097n]]); // prettier-ignore
  });

  test('keeps zeros in columns that a sequence fills', () => {
    const t = new OneTable(person);
    t.insert({ id: 0, name: 'zero' });
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    expect(t.rows()).toEqual([{ id: 0, name: 'zero', age: 18 }]);
  });

  test('is undone by rollback', () => {
    const t = filled();
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    t.insert({ id: 0, name: 'd', age: 1 });
    t.rollback();
    expect(t.rows().map(({ id }) => id)).toEqual([1, 2]);
    expect(t.store.tables.has(9)).toBe(false);
    expect(t.insert({ id: 2, name: 'x' })).toBe(UNIQUE_VIOLATION);
    expect(t.commit()).toBeUndefined();
  });

  test('is refused where rows break an index, where what comes out is no row, and under an id that is taken', () => {
    const t = filled();
    const byAge = { indexes: [{ ...unique(2), id: 91 }] };
    expect(() => t.transaction.rebuildTable(t.table, definition(byAge), addAge)).toThrow('value: 18');
    t.rollback();
    expect(() => t.transaction.rebuildTable(t.table, definition(), (b, s, e, row) => row.slice(b, s, e))).toThrow(SatsError); // prettier-ignore
    t.rollback();
    expect(() => t.transaction.rebuildTable(t.table, definition({ id: 1 }), addAge)).toThrow('id 1 is taken');
    expect(t.rows()).toHaveLength(2);
  });
});
