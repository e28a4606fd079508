import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { NO_SUCH_ROW, type RowPointer, UNIQUE_VIOLATION } from '../src/index.ts';
import { ann, bob, OneTable, person, unique } from './one-table.ts';

test.each(['btree', 'hash', 'direct'] as const)('two unique values swap by deleting first (%s)', (algorithm) => {
  const t = new OneTable([['id', types.u32], ['place', types.u8]], [unique(0), unique(1, algorithm)]); // prettier-ignore
  t.insert({ id: 1, place: 10 });
  t.insert({ id: 2, place: 20 });
  t.commit();
  expect(t.update(1, { id: 1, place: 20 })).toBe(UNIQUE_VIOLATION);
  expect(t.transaction.lastViolation.index).toBe(t.table.index(2));
  t.delete({ id: 2, place: 20 });
  expect(t.update(1, { id: 1, place: 20 })).toBeGreaterThanOrEqual(0);
  expect(t.insert({ id: 2, place: 10 })).toBeGreaterThanOrEqual(0);
  expect(t.commit()?.inserts).toEqual([{ id: 1, place: 20 }, { id: 2, place: 10 }]); // prettier-ignore
});

test.each(['btree', 'hash'] as const)('-0 equals 0 and NaN equals NaN as a key (%s)', (algorithm) => {
  const t = new OneTable([['f', types.f64], ['x', types.u8]], [unique(0, algorithm)]); // prettier-ignore
  for (const f of [0, NaN, Infinity]) t.insert({ f, x: 1 });
  for (const f of [-0, NaN, Infinity]) expect(t.insert({ f, x: 2 })).toBe(UNIQUE_VIOLATION);
  expect(t.insert({ f: -0, x: 1 })).toBe(UNIQUE_VIOLATION); // other bytes, so not the same row
  expect(t.insert({ f: 0, x: 1 })).toBeGreaterThanOrEqual(0);
  expect(t.update(1, { f: -0, x: 3 })).toBeGreaterThanOrEqual(0);
  expect(t.rows()).toContainEqual({ f: -0, x: 3 });
  expect(t.insert({ f: -Infinity, x: 2 })).toBeGreaterThanOrEqual(0);
});

test.each(['btree', 'hash'] as const)('the empty string is a key like others (%s)', (algorithm) => {
  const t = new OneTable(person, [unique(1, algorithm)]);
  t.insert({ id: 1, name: '' });
  t.insert({ id: 2, name: '\0' });
  expect(t.insert({ id: 3, name: '' })).toBe(UNIQUE_VIOLATION);
  const key = Uint8Array.of(0, 0, 0, 0);
  expect(t.table.index(2).findUnique(key, 0, 4)).toBeGreaterThanOrEqual(0);
});

test('dense ids are found where they would lie, and those that lie elsewhere or are gone are not mistaken', () => {
  const t = new OneTable([['id', types.u32], ['x', types.u32]], [unique(0)]); // prettier-ignore
  const index = t.table.index(1);
  const rows = Array.from({ length: 300 }, (_, id) => t.insert({ id: id + 5, x: 0 }));
  const find = (id: number): RowPointer => index.findUnique(Uint8Array.of(id & 255, id >> 8, 0, 0), 0, 4);
  const check = (): void => expect(rows.map((_, i) => find(i + 5))).toEqual(rows);
  check();
  t.commit();
  check();
  for (const i of [3, 40, 41, 299]) {
    t.delete({ id: i + 5, x: 0 });
    rows[i] = -1;
  }
  check();
  t.commit();
  check(); // the space still holds their bytes
  for (const i of [40, 3, 299]) rows[i] = t.insert({ id: i + 5, x: 1 });
  check();
  t.commit();
  check();
  expect(find(4)).toBe(-1);
  expect(find(305)).toBe(-1);
  t.transaction.clear(t.table);
  rows.fill(-1);
  check();
  for (let i = 299; i >= 0; i--) rows[i] = t.insert({ id: i + 5, x: 2 });
  check();
  t.rollback();
  for (let i = 0; i < 300; i++) rows[i] = find(i + 5);
  expect(rows.filter((row) => row < 0)).toHaveLength(1);
});

test('a key that is refused changes nothing', () => {
  const t = new OneTable(person, [unique(0), unique(1)]);
  t.insert(ann);
  t.insert(bob);
  t.commit();
  const { byteSize } = t.store;
  for (let i = 0; i < 10_000; i++) expect(t.insert({ id: i + 10, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
  expect(t.update(1, { id: 1, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
  expect(t.update(1, { id: 9, name: 'Eve' })).toBe(NO_SUCH_ROW);
  expect(t.store.byteSize).toBe(byteSize);
  expect(t.commit()).toBeUndefined();
});

test('a handle of a dropped index or table is refused', () => {
  const t = new OneTable(person, [unique(0)]);
  const index = t.table.index(1);
  t.redefine({ indexes: [] });
  const bytes = t.encode(ann);
  expect(() => t.transaction.update(t.table, index, bytes, 0, bytes.length)).toThrow('has no index t_0_idx_btree');
  t.transaction.dropTable(t.table);
  t.commit();
  expect(() => t.insert(ann)).toThrow('table t was dropped');
});
