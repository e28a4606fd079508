import { types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { UNIQUE_VIOLATION } from '../src/index.ts';
import { ann, OneTable, person, unique } from './one-table.ts';

describe('sets', () => {
  test('an identical row is there already: same pointer, no change', () => {
    const t = new OneTable(person);
    const row = t.insert(ann);
    expect(t.insert(ann)).toBe(row);
    expect(t.commit()?.inserts).toEqual([ann]);
    expect(t.insert(ann)).toBe(row);
    expect(t.commit()).toBeUndefined();
  });

  test('an identical row wins over the unique index that has its key', () => {
    const t = new OneTable(person, [unique(0), unique(1)]);
    const row = t.insert(ann);
    expect(t.insert(ann)).toBe(row);
    expect(t.insert({ id: 1, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
  });

  test('a row without columns is there once or not at all', () => {
    const t = new OneTable([]);
    t.insert({});
    t.insert({});
    expect(t.table.rowCount).toBe(1);
    t.commit();
    expect(t.delete({})).toBe(true);
    expect(t.insert({})).toBeGreaterThanOrEqual(0);
    expect(t.commit()).toBeUndefined();
  });

  test('rows that differ in the sign of zero or the bits of NaN are different rows', () => {
    const t = new OneTable([['f', types.f64]]);
    t.insert({ f: 0 });
    t.insert({ f: -0 });
    expect(t.table.rowCount).toBe(2);
  });
});

describe('scans', () => {
  test('committed rows come first, then those of the transaction, each in the order of insertion', () => {
    const t = new OneTable(person, [unique(0)]);
    const all = Array.from({ length: 3000 }, (_, i) => ({ id: 3000 - i, name: 'n'.repeat(i % 97) }));
    for (const row of all.slice(0, 2000)) t.insert(row);
    t.commit();
    for (const row of all.slice(2000)) t.insert(row);
    expect(t.rows()).toEqual(all);
  });

  test('space of deleted rows that the transaction uses does not bring its rows forward', () => {
    const t = new OneTable([['id', types.u32]]);
    for (let id = 0; id < 10; id++) t.insert({ id });
    t.commit();
    t.delete({ id: 3 });
    t.commit();
    t.insert({ id: 100 });
    expect(t.rows().at(-1)).toEqual({ id: 100 });
  });
});

describe('memory', () => {
  test('rows of 300 KB come and go', () => {
    const t = new OneTable(person, [unique(0)]);
    const { byteSize } = t.store;
    for (let i = 0; i < 20; i++) {
      expect(t.insert({ id: 1, name: String(i).repeat(150_000) })).toBeGreaterThanOrEqual(0);
      expect(t.update(1, { id: 1, name: 'x'.repeat(300_000) })).toBeGreaterThanOrEqual(0);
      t.commit();
      expect(t.rows()).toEqual([{ id: 1, name: 'x'.repeat(300_000) }]);
      t.transaction.clear(t.table);
      t.commit();
    }
    expect(t.store.byteSize - byteSize).toBeLessThan(100_000);
  });

  test('the space of many deleted rows is used again', () => {
    const t = new OneTable(person, [unique(0), { ...unique(1), isUnique: false }]);
    const fill = (from: number): void => {
      for (let id = from; id < from + 20_000; id++) t.insert({ id, name: `name ${id}` });
      t.commit();
    };
    fill(0);
    const { byteSize } = t.store;
    for (let round = 1; round < 5; round++) {
      for (let id = (round - 1) * 20_000; id < round * 20_000 - 100; id++) t.delete({ id, name: `name ${id}` });
      t.commit();
      fill(round * 20_000);
    }
    expect(t.store.byteSize).toBeLessThan(byteSize * 1.5);
  });
});
