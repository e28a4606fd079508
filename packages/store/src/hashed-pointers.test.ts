import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { HashedPointers } from './hashed-pointers.ts';

function pointersOf(table: HashedPointers, hash: number): number[] {
  const found: number[] = [];
  for (let slot = table.first(hash); slot >= 0; slot = table.next(slot)) found.push(table.at(slot));
  return found.toSorted((a, b) => a - b);
}

// Few hashes, some of which start their search at the same slot, and some over 2^31.
const hashes = fc.constantFrom(0, 1, 2, 3, 0x8000_0000, 0xffff_ffff, 0x9e37_79b1, 7, 8);

property.prop([fc.array(fc.tuple(fc.boolean(), hashes, fc.nat(20)), { maxLength: 200 })])(
  'a table of pointers holds what a list of pairs holds',
  (steps) => {
    const table = new HashedPointers();
    const pairs: { hash: number; pointer: number }[] = [];
    for (const [isAdded, hash, pointer] of steps) {
      const at = pairs.findIndex((pair) => pair.hash === hash && pair.pointer === pointer);
      const slot = table.find(hash, pointer);
      expect(slot >= 0).toBe(at >= 0);
      if (isAdded && at < 0) {
        table.add(hash, pointer);
        pairs.push({ hash, pointer });
      } else if (!isAdded && at >= 0) {
        table.removeAt(slot);
        pairs.splice(at, 1);
      }
      expect(table.size).toBe(pairs.length);
    }
    for (const { hash } of pairs) {
      const expected = pairs.filter((pair) => pair.hash === hash).map(({ pointer }) => pointer);
      expect(pointersOf(table, hash)).toEqual(expected.toSorted((a, b) => a - b));
    }
  },
);

test('memory grows with the pointers and is given back when they go', () => {
  const table = new HashedPointers();
  const empty = table.byteSize;
  for (let i = 0; i < 10_000; i++) table.add(i, i);
  expect(table.byteSize / 10_000).toBeLessThanOrEqual(32);
  for (let i = 0; i < 10_000; i++) table.removeAt(table.find(i, i));
  expect(table.size).toBe(0);
  expect(table.byteSize).toBe(empty);
});
