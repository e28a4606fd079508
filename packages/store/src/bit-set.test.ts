import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { BitSet } from './bit-set.ts';
import { SparseBitSet } from './sparse-bit-set.ts';

const LIMIT = 5 * 4096 + 100;

const change = fc.record({
  isAdded: fc.boolean(),
  from: fc.oneof(fc.nat(LIMIT - 1), fc.constantFrom(0, 31, 32, 4095, 4096, 8191, 8192)),
  count: fc.oneof(fc.constant(1), fc.nat(40), fc.constant(4096), fc.nat(10_000)),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
const changes = fc.array(change, { maxLength: 20 });
const questions = fc.array(fc.tuple(fc.nat(LIMIT - 1), fc.nat(LIMIT)), { minLength: 20, maxLength: 20 });

test.prop([changes, changes, questions])(
  'both answer as sets of numbers do, alone and one without the other',
  (ofBits, ofExcept, asked) => {
    const bits = new BitSet();
    const except = new SparseBitSet();
    const numbers = build(bits, ofBits);
    const exceptNumbers = build(except, ofExcept);
    for (const [from, limit] of asked) {
      expect(bits.has(from)).toBe(numbers.has(from));
      expect(except.has(from)).toBe(exceptNumbers.has(from));
      expect(except.next(from)).toBe(firstFrom(from, LIMIT, -1, (n) => exceptNumbers.has(n)));
      expect(bits.next(from, except)).toBe(firstFrom(from, LIMIT, -1, (n) => numbers.has(n) && !exceptNumbers.has(n)));
      expect(bits.nextBelow(from, limit)).toBe(firstFrom(from, limit, -1, (n) => numbers.has(n)));
      if (from > limit) continue;
      expect(bits.gap(from, limit, except)).toBe(
        firstFrom(from, limit, limit, (n) => !numbers.has(n) || exceptNumbers.has(n)),
      );
    }
    except.clear();
    expect(except.next(0)).toBe(-1);
    // What was used before is used again, and has to be empty.
    const again = build(except, ofExcept);
    for (const [from] of asked) expect(except.next(from)).toBe(firstFrom(from, LIMIT, -1, (n) => again.has(n)));
  },
);

test('a few pointers among millions take next to no memory, however many have been there', () => {
  const few = new SparseBitSet();
  few.reserve(10_000_000);
  const { byteSize } = few;
  for (let round = 0; round < 1000; round++) {
    for (let i = 0; i < 3; i++) few.add((round * 9973 + i * 3_000_000) % 10_000_000);
    few.clear();
  }
  expect(few.byteSize - byteSize).toBeLessThan(2000);
});

function build(set: BitSet | SparseBitSet, all: readonly Change[]): Set<number> {
  const numbers = new Set<number>();
  set.reserve(LIMIT);
  for (const { isAdded, from, count } of all) {
    for (let n = from; n < Math.min(from + count, LIMIT); n++) {
      if (isAdded) {
        set.add(n);
        numbers.add(n);
      } else {
        set.delete(n);
        numbers.delete(n);
      }
    }
  }
  return numbers;
}

function firstFrom(from: number, limit: number, none: number, is: (n: number) => boolean): number {
  for (let n = from; n < limit; n++) if (is(n)) return n;
  return none;
}
