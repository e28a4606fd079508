import { expect, test } from 'vitest';
import { UNIQUE_VIOLATION } from '../src/index.ts';
import { ann, bob, counting, OneTable, person, unique } from './one-table.ts';

test('rollback brings a dropped table back with its rows and indexes, and takes a created one away', () => {
  const t = new OneTable(person, [unique(0)]);
  t.insert(ann);
  t.commit();
  t.insert(bob);
  t.transaction.dropTable(t.table);
  t.transaction.createTable({ ...t.table.definition, name: 'other' });
  expect(t.store.table(1).definition.name).toBe('other');
  t.rollback();
  expect(t.store.table(1)).toBe(t.table);
  expect(t.rows()).toEqual([ann]);
  expect(t.table.index(1).findUnique(Uint8Array.of(1, 0, 0, 0), 0, 4)).toBeGreaterThanOrEqual(0);
  expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
});

test('a dropped table shows its rows in the delta', () => {
  const t = new OneTable(person);
  t.insert(ann);
  t.commit();
  t.transaction.dropTable(t.table);
  expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: true });
  expect(() => t.store.table(1)).toThrow('there is no table with id 1');
});

test('a unique index is refused where rows share a key, with the first of them', () => {
  const t = new OneTable(person);
  t.insert(ann);
  t.insert({ id: 2, name: 'Ann' });
  expect(() => t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] })).toThrow(
    `Unique constraint violation 't_1_idx_btree' in table 't': column(s): '["name"]' value: "Ann"`,
  );
  expect(t.table.indexes).toEqual([]);
  expect(t.insert(ann)).toBeGreaterThanOrEqual(0); // the set of rows is still there
});

test('rollback takes an index away whose keys the rows of before do not fit, and brings back a dropped one', () => {
  const t = new OneTable(person, [unique(0)]);
  t.insert({ id: 1, name: 'same' });
  t.insert({ id: 2, name: 'same' });
  t.commit();
  t.redefine({ indexes: [] });
  t.delete({ id: 2, name: 'same' });
  t.insert({ id: 1, name: 'other' });
  t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] });
  t.rollback();
  expect(t.table.indexes.map((index) => index.definition.name)).toEqual(['t_0_idx_btree']);
  expect(t.rows()).toHaveLength(2);
  expect(t.insert({ id: 2, name: 'other' })).toBe(UNIQUE_VIOLATION);
  expect(t.insert({ id: 2, name: 'same' })).toBeGreaterThanOrEqual(0);
  expect(t.commit()).toBeUndefined();
});

test('rollback keeps the indexes whole that were there, whatever an index made meanwhile would refuse', () => {
  const t = new OneTable(person, [unique(0)]);
  t.insert({ id: 1, name: 'same' });
  t.insert({ id: 2, name: 'same' });
  t.commit();
  t.delete({ id: 2, name: 'same' });
  t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] });
  t.rollback();
  expect(t.insert({ id: 2, name: 'other' })).toBe(UNIQUE_VIOLATION);
});

test('with an index made meanwhile, an update finds the row of before that was deleted', () => {
  const t = new OneTable(person, []);
  t.insert({ id: 1, name: 'same' });
  t.insert({ id: 1, name: 'other' });
  t.commit();
  t.delete({ id: 1, name: 'same' });
  t.redefine({ indexes: [unique(0)] });
  t.update(1, { id: 1, name: 'same' });
  expect(t.commit()).toEqual({ inserts: [], deletes: [{ id: 1, name: 'other' }], isTruncated: false });
});

test('a sequence can be added and is forgotten by rollback', () => {
  const t = new OneTable(person);
  t.redefine({ sequences: [counting(0, { allocated: 50n })] });
  t.insert({ id: 0, name: 'x' });
  expect(t.rows()).toEqual([{ id: 50, name: 'x' }]);
  t.rollback();
  t.insert({ id: 0, name: 'x' });
  expect(t.rows()).toEqual([{ id: 0, name: 'x' }]);
  t.commit();
  expect(t.saved).toEqual([]);
  t.redefine({ sequences: [counting(0)] });
  t.redefine({ sequences: [] });
  t.insert({ id: 0, name: 'y' });
  expect(t.rows()).toContainEqual({ id: 0, name: 'y' });
});

test.each([
  { name: 'a column that is not there', index: { ...unique(0), columns: [2] } },
  { name: 'no column', index: { ...unique(0), columns: [] } },
  { name: 'direct, of strings', index: unique(1, 'direct') },
  { name: 'direct, not unique', index: { ...unique(0, 'direct'), isUnique: false } },
])('an index is refused: $name', ({ index }) => {
  expect(() => new OneTable(person, [index])).toThrow(expect.objectContaining({ code: 'STORE_INVALID_DEFINITION' }));
});
