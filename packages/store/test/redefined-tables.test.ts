import { type AlgebraicType, compileRow, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { type TableDefinition, UNIQUE_VIOLATION } from '../src/index.ts';
import { ann, counting, type Fields, OneTable, person, unique } from './one-table.ts';

describe('another definition', () => {
  const colours = (...variants: (readonly [string, AlgebraicType])[]): Fields => [['id', types.u32], ['colour', types.sum(variants)]]; // prettier-ignore
  const red = { id: 1, colour: { tag: 'red', value: 7 } };
  const blue = { id: 2, colour: { tag: 'blue', value: {} } };
  const before = colours(['red', types.u8]);
  const after = colours(['red', types.u8], ['blue', types.unit]);
  const rowOf = (fields: Fields): TableDefinition['row'] => compileRow(types.product(fields), []);

  test('of another row type keeps the rows and what the sequence has given, and shows no change', () => {
    const t = new OneTable(before, [unique(0)], { sequences: [counting(0)] });
    t.insert({ ...red, id: 0 });
    t.commit();
    t.redefine({ row: rowOf(after) });
    expect(t.rows()).toEqual([red]);
    expect(t.commit()).toBeUndefined();
    t.insert({ ...blue, id: 0 });
    expect(t.commit()).toEqual({ inserts: [blue], deletes: [], isTruncated: false });
    expect(t.insert({ ...red, id: 2 })).toBe(UNIQUE_VIOLATION);
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test('of another row type is undone by rollback, rows that came after it too', () => {
    const t = new OneTable(before, [unique(0)], { sequences: [counting(0)] });
    t.insert(red);
    t.commit();
    const { table } = t;
    t.redefine({ row: rowOf(after) });
    t.insert({ ...blue, id: 0 });
    t.insert({ ...blue, id: 0 });
    t.rollback();
    expect(t.table).toBe(table);
    expect(t.rows()).toEqual([red]);
    expect(t.insert({ ...red, id: 0 })).toBeGreaterThanOrEqual(0);
    t.commit();
    expect(t.rows().map(({ id }) => id)).toEqual([1, 3]); // what the sequence gave is not given back
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test('a boundary that a rolled-back transaction moved is saved although the table got another row type', () => {
    const t = new OneTable(before, [], { sequences: [counting(0)] });
    t.insert({ ...red, id: 0 });
    t.rollback();
    t.redefine({ row: rowOf(after) });
    t.commit();
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test.each<{ name: string; change: Partial<TableDefinition>; code: string }>([
    { name: 'a row type that rows are not of', change: { row: rowOf(colours(['red', types.u16])) }, code: 'STORE_INVALID_DEFINITION' }, // prettier-ignore
    { name: 'a row type without the index\'s column', change: { row: rowOf([['id', types.u32]]), indexes: [unique(1)] }, code: 'STORE_INVALID_DEFINITION' }, // prettier-ignore
    { name: 'another id', change: { id: 2 }, code: 'STORE_INVALID_DEFINITION' },
    { name: 'another event flag', change: { isEvent: true }, code: 'STORE_INVALID_DEFINITION' },
    { name: 'a unique index that rows break', change: { indexes: [{ ...unique(1), isUnique: true }] }, code: 'STORE_UNIQUE_VIOLATION' }, // prettier-ignore
  ])('is refused: $name', ({ change, code }) => {
    const t = new OneTable(before);
    t.insert(red);
    t.insert({ ...red, id: 2 });
    t.commit();
    const definition = t.table.definition;
    expect(() => t.redefine(change)).toThrow(expect.objectContaining({ code }));
    expect(t.table.definition).toBe(definition);
    expect(t.store.table(1)).toBe(t.table);
    expect(t.commit()).toBeUndefined();
    expect(t.insert(red)).toBeGreaterThanOrEqual(0);
    expect(t.rows()).toHaveLength(2);
  });

  test('of another row type is refused once rows have changed; the old handle is refused after it', () => {
    const t = new OneTable(before);
    const { table } = t;
    t.insert(red);
    expect(() => t.redefine({ row: rowOf(after) })).toThrow(expect.objectContaining({ code: 'STORE_TABLE_CHANGED' }));
    t.commit();
    t.redefine({ row: rowOf(after) });
    expect(() => t.transaction.clear(table)).toThrow(expect.objectContaining({ code: 'STORE_UNKNOWN_TABLE' }));
    t.redefine({ row: rowOf(before) });
    expect(t.rows()).toEqual([red]);
  });

  test('an index becomes unique and is so no more', () => {
    const t = new OneTable(person, [{ ...unique(0), isUnique: false }]);
    t.insert(ann);
    t.commit();
    t.redefine({ indexes: [unique(0)] });
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
    t.commit();
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
    t.redefine({ indexes: [{ ...unique(0), isUnique: false }] });
    expect(t.insert({ id: 1, name: 'Eve' })).toBeGreaterThanOrEqual(0);
    t.rollback();
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
  });

  test('a row that is deleted comes back as itself, also by an index that became unique after it went', () => {
    const t = new OneTable(person, [{ ...unique(0), isUnique: false }]);
    const eve = { id: 1, name: 'Eve' };
    t.insert(ann);
    t.insert(eve);
    t.commit();
    t.delete(ann);
    t.redefine({ indexes: [unique(0)] });
    expect(t.update(1, ann)).toBeGreaterThanOrEqual(0);
    expect(t.commit()).toEqual({ inserts: [], deletes: [eve], isTruncated: false });
    expect(t.rows()).toEqual([ann]);
  });

  test('parts that both definitions have are kept, though the definition is another object', () => {
    const t = new OneTable(person, [unique(0)], { sequences: [counting(0)] });
    const [index] = t.table.indexes;
    t.insert({ id: 0, name: 'x' });
    t.redefine({ row: rowOf(person), indexes: [{ ...unique(0) }], sequences: [counting(0)] });
    expect(t.table.indexes[0]).toBe(index);
    t.insert({ id: 0, name: 'y' });
    expect(t.rows().map(({ id }) => id)).toEqual([1, 2]);
  });

  test('a sequence goes on where it is when its column becomes wider', () => {
    const t = new OneTable([['id', types.u8]], [], { sequences: [counting(0)], isEvent: true });
    t.insert({ id: 0 });
    t.commit();
    t.redefine({ row: rowOf([['id', types.u64]]) });
    t.insert({ id: 0n });
    expect(t.rows()).toEqual([{ id: 2n }]);
    t.commit();
    expect(t.saved.at(-1)).toEqual([1, 4098n]);
  });
});
