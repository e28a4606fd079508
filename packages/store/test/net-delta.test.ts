import { compileRow, types } from '@lightcone/sats';
import { beforeEach, describe, expect, test } from 'vitest';
import { type RowPointer, Store } from '../src/index.ts';
import { ann, bob, type Fields, OneTable, person, unique } from './one-table.ts';

test('a row inserted and deleted leaves no trace', () => {
  const t = new OneTable(person, [unique(0)]);
  t.insert(ann);
  t.delete(ann);
  expect(t.commit()).toBeUndefined();
});

test.each([
  {
    way: 'insert',
    goAndComeBack: (t: OneTable): RowPointer => {
      t.delete(ann);
      t.insert({ id: 1, name: 'Eve' });
      t.delete({ id: 1, name: 'Eve' });
      return t.insert(ann);
    },
  },
  {
    way: 'update',
    goAndComeBack: (t: OneTable): RowPointer => {
      t.update(1, { id: 1, name: 'Eve' });
      return t.update(1, ann);
    },
  },
])('a row that comes back by $way was never away', ({ goAndComeBack }) => {
  const t = new OneTable(person, [unique(0)]);
  const row = t.insert(ann);
  t.commit();
  expect(goAndComeBack(t)).toBe(row);
  expect(t.commit()).toBeUndefined();
  expect(t.rows()).toEqual([ann]);
});

test('rows that go to and fro stay one change, and take no memory', () => {
  const t = new OneTable(person, [unique(0)]);
  for (let id = 10; id < 40; id++) t.insert({ id, name: 'x' });
  t.insert(ann);
  t.commit();
  for (let id = 10; id < 40; id++) t.delete({ id, name: 'x' }); // more than are compared one by one
  const { byteSize } = t.store;
  for (let i = 0; i < 20_000; i++) {
    t.update(1, { id: 1, name: 'Eve' });
    t.update(1, ann);
    t.insert(bob);
    t.update(1, { id: 2, name: 'Bo' });
    t.delete({ id: 2, name: 'Bo' });
  }
  expect(t.store.byteSize - byteSize).toBeLessThan(1000);
  const delta = t.commit();
  expect(delta?.inserts).toEqual([]);
  expect(delta?.deletes).toHaveLength(30);
});

test('an updated row keeps its place, and the delta has what it was', () => {
  const t = new OneTable(person, [unique(0)]);
  const row = t.insert(ann);
  t.insert(bob);
  t.commit();
  expect(t.update(1, { id: 1, name: 'Eve' })).toBe(row);
  expect(t.update(1, { id: 1, name: 'Eva' })).toBe(row);
  expect(t.commit()).toEqual({ inserts: [{ id: 1, name: 'Eva' }], deletes: [ann], isTruncated: false });
  t.update(1, { id: 1, name: 'Eve' });
  t.delete({ id: 1, name: 'Eve' });
  t.rollback();
  expect(t.rows()).toEqual([{ id: 1, name: 'Eva' }, bob]);
  expect(t.update(1, { id: 1, name: 'Ann' })).toBe(row);
});

test('a row comes back although the one that was put in its place has another key by now', () => {
  const pair: Fields = [['a', types.u8], ['b', types.u8]]; // prettier-ignore
  const t = new OneTable(pair, [unique(0), unique(1)]);
  const row = t.insert({ a: 1, b: 1 });
  t.commit();
  expect(t.update(1, { a: 1, b: 2 })).toBe(row);
  expect(t.update(2, { a: 2, b: 2 })).toBe(row);
  expect(t.insert({ a: 1, b: 1 })).toBe(row);
  expect(t.commit()).toEqual({ inserts: [{ a: 2, b: 2 }], deletes: [], isTruncated: false });
  expect(t.update(1, { a: 2, b: 3 })).toBeGreaterThanOrEqual(0);
  expect(t.rows()).toEqual([{ a: 1, b: 1 }, { a: 2, b: 3 }]); // prettier-ignore
});

test('clear and insert again: what is the same did not change', () => {
  const t = new OneTable(person, [unique(0)]);
  t.insert(ann);
  t.insert(bob);
  t.commit();
  expect(t.transaction.clear(t.table)).toBe(2);
  expect(t.transaction.clear(t.table)).toBe(0);
  t.insert(bob);
  expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: false });
});

test('a cleared table is truncated', () => {
  const t = new OneTable(person);
  t.insert(ann);
  t.commit();
  t.insert(bob);
  t.transaction.clear(t.table);
  expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: true });
});

test('tables come in the order of their ids', () => {
  const store = new Store();
  const transaction = store.begin();
  const row = compileRow(types.product([['x', types.u8]]), []);
  for (const id of [5, 1, 3, 4, 2]) {
    const table = transaction.createTable({
      id,
      name: `t${id}`,
      row,
      indexes: [],
      sequences: [],
      isEvent: false,
      isEphemeral: false,
    });
    transaction.insert(table, Uint8Array.of(id), 0, 1);
  }
  expect(transaction.commit().tables.map(({ table }) => table.definition.id)).toEqual([1, 2, 3, 4, 5]);
});

test('deleted rows can be read until the delta is released, then their space is used again', () => {
  const t = new OneTable(person, [unique(0)]);
  const row = t.insert(ann);
  t.commit();
  t.delete(ann);
  const delta = t.transaction.commit();
  expect(t.read(delta.tables[0]!.deletes)).toEqual([ann]);
  delta.release();
  expect(delta.tables).toEqual([]);
  t.transaction = t.store.begin();
  expect(t.insert({ id: 3, name: 'Eve' })).toBe(row);
});

// More rows than are compared one by one: they are found by hashes, which have to follow what comes back.
describe('of many rows that a transaction deletes', () => {
  const row = (id: number): { id: number; name: string } => ({ id, name: 'old' });
  const ids = Array.from({ length: 10 }, (_, id) => id);
  let t: OneTable;
  beforeEach(() => {
    t = new OneTable(person, [unique(0)]);
    for (const id of ids) t.insert(row(id));
    t.commit();
  });

  test('the last comes back, goes and comes back again', () => {
    for (const id of ids) t.delete(row(id));
    t.insert(row(0));
    t.insert(row(9));
    t.delete(row(9));
    t.insert(row(9));
    expect(t.commit()).toEqual({ inserts: [], deletes: ids.slice(1, 9).map(row), isTruncated: false });
  });

  test('one comes back to its place, has a successor there again, and both go', () => {
    for (const id of ids) t.update(1, { id, name: 'new' });
    t.delete({ id: 0, name: 'new' });
    t.insert(row(0));
    t.update(1, { id: 0, name: 'two' });
    t.delete({ id: 0, name: 'two' });
    expect(t.rows()).toEqual(ids.slice(1).map((id) => ({ id, name: 'new' })));
    const { inserts, deletes } = t.commit()!; // it changed rows
    expect(inserts).toEqual(ids.slice(1).map((id) => ({ id, name: 'new' })));
    expect(deletes.toSorted((a, b) => Number(a['id']) - Number(b['id']))).toEqual(ids.map(row));
  });
});
