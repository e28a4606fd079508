import { expect, test } from 'vitest';
import { UNIQUE_VIOLATION } from '../src/index.ts';
import { ann, bob, OneTable, person, unique } from './one-table.ts';

test('event rows are seen in their transaction, told by its delta, and gone after it', () => {
  const t = new OneTable(person, [unique(0)], { isEvent: true });
  t.insert(ann);
  t.insert(bob);
  expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
  expect(t.rows()).toEqual([ann, bob]);
  t.delete(bob);
  expect(t.commit()).toEqual({ inserts: [ann], deletes: [], isTruncated: false });
  expect(t.rows()).toEqual([]);
  expect(t.insert({ id: 1, name: 'Eve' })).toBeGreaterThanOrEqual(0);
});

test('the memory of event rows is used again', () => {
  const t = new OneTable(person, [unique(0)], { isEvent: true });
  const sizes = new Set<number>();
  for (let round = 0; round < 20; round++) {
    for (let id = 0; id < 5000; id++) t.insert({ id, name: 'event' });
    t.commit();
    sizes.add(t.store.byteSize);
  }
  expect(sizes.size).toBeLessThanOrEqual(2);
});
