import { SatsError } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { PointerList } from '../src/index.ts';
import { OneTable, person, unique } from './one-table.ts';

test.each([
  { name: 'too short', bytes: [1, 0, 0] },
  { name: 'too long', bytes: [1, 0, 0, 0, 0, 0, 0, 0, 9] },
  { name: 'a string over the end', bytes: [1, 0, 0, 0, 255, 255, 255, 127] },
  { name: 'no UTF-8', bytes: [1, 0, 0, 0, 1, 0, 0, 0, 255] },
])('a row that is $name is refused', ({ bytes }) => {
  const t = new OneTable(person, [unique(0)]);
  const row = Uint8Array.from(bytes);
  expect(() => t.transaction.insert(t.table, row, 0, row.length)).toThrow(SatsError);
  expect(() => t.transaction.update(t.table, t.table.index(1), row, 0, row.length)).toThrow(SatsError);
  expect(() => t.transaction.deleteByValue(t.table, row, 0, row.length)).toThrow(SatsError);
  expect(t.table.rowCount).toBe(0);
  expect(t.commit()).toBeUndefined();
});

test('a key that is too short is refused, and a range that its index cannot scan', () => {
  const t = new OneTable(person, [{ ...unique(0), columns: [0, 1] }, unique(1, 'hash')]);
  const out = new PointerList();
  const unbounded = { kind: 'unbounded', start: 0, end: 0 } as const;
  const key = Uint8Array.of(1, 0, 0, 0, 7);
  expect(() => t.table.index(1).seekPoint(key, 0, 4, out)).toThrow(SatsError);
  expect(() => t.table.index(2).findUnique(key, 0, 3)).toThrow(SatsError);
  expect(() => t.table.index(1).scanRange(key, 0, 5, 1, unbounded, unbounded, out)).toThrow(
    'left over after the prefix',
  );
  expect(() => t.table.index(1).scanRange(key, 0, 3, 1, unbounded, unbounded, out)).toThrow(SatsError);
  expect(() => t.table.index(1).scanRange(key, 0, 5, 2, unbounded, unbounded, out)).toThrow(
    'leaves none for the range',
  );
  expect(() => t.table.index(2).scanRange(key, 0, 0, 0, unbounded, unbounded, out)).toThrow(
    'does not support range scans',
  );
  expect(() => t.table.index(9)).toThrow('has no index with id 9');
});
