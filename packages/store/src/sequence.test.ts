import { type AlgebraicType, ByteReader, compileRow, types } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { SequenceDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import { EXHAUSTED, FILLED, NOT_ZERO, Sequence } from './sequence.ts';

const MAX = 2n ** 127n - 1n;

function sequenceOf(
  type: AlgebraicType,
  numbers: Partial<SequenceDefinition>,
): { sequence: Sequence; take: () => unknown } {
  const definition = {
    id: 1,
    column: 0,
    start: 1n,
    min: 1n,
    max: MAX,
    increment: 1n,
    allocated: numbers.start ?? 1n,
    ...numbers,
  };
  const row = compileRow(types.product([['id', type]]), []);
  const sequence = new Sequence(definition, row);
  const take = (): unknown => {
    const bytes = new Uint8Array(sequence.columnBytes);
    const outcome = sequence.fill(bytes, 0);
    return outcome === FILLED
      ? row.columns[0]!.type.decode(new ByteReader(bytes))
      : outcome === EXHAUSTED
        ? 'exhausted'
        : 'not zero';
  };
  return { sequence, take };
}

test('values are reserved in blocks of 4096', () => {
  const { sequence, take } = sequenceOf(types.u64, {});
  expect(sequence.allocated).toBe(1n);
  expect(take()).toBe(1n);
  expect([sequence.allocated, sequence.isUnsaved]).toEqual([4097n, true]);
  sequence.isUnsaved = false;
  for (let i = 2n; i <= 4096n; i++) expect(take()).toBe(i);
  expect(sequence.isUnsaved).toBe(false);
  expect(take()).toBe(4097n);
  expect([sequence.allocated, sequence.isUnsaved]).toEqual([8193n, true]);
});

test('after a restart values go on at the boundary', () => {
  expect(sequenceOf(types.u32, { allocated: 4097n }).take()).toBe(4097);
});

test('a column that is not zero is left alone and takes no value', () => {
  const { sequence, take } = sequenceOf(types.u32, {});
  const bytes = Uint8Array.of(0, 0, 0, 1);
  expect(sequence.fill(bytes, 0)).toBe(NOT_ZERO);
  expect([...bytes]).toEqual([0, 0, 0, 1]);
  expect(take()).toBe(1);
});

test.each([
  { name: 'u8', type: types.u8, last: 255 },
  { name: 'i8', type: types.i8, last: 127 },
  { name: 'u16', type: types.u16, last: 65_535 },
])('[flaw 5] $name: the value after the largest is refused instead of truncated', ({ type, last }) => {
  const { take } = sequenceOf(type, {});
  for (let i = 1; i <= last; i++) expect(take()).toBe(i);
  expect(take()).toBe('exhausted');
  expect(take()).toBe('exhausted');
});

test('a restart costs a narrow column few of its values', () => {
  const { sequence, take } = sequenceOf(types.u8, {});
  for (let i = 1; i <= 10; i++) expect(take()).toBe(i);
  expect(sequenceOf(types.u8, { allocated: sequence.allocated }).take()).toBe(11);
});

test('a negative increment goes down to the least value of the column', () => {
  const { take } = sequenceOf(types.i8, { start: -126n, min: -MAX, max: -1n, increment: -1n });
  expect([take(), take(), take(), take()]).toEqual([-126, -127, -128, 'exhausted']);
});

test.each([
  { type: types.u64, start: 2n ** 53n - 2n, name: 'over 2^53' },
  { type: types.u128, start: 2n ** 64n - 2n, name: 'over 2^64' },
  { type: types.i128, start: -(2n ** 53n) - 2n, name: 'below -2^53' },
])('values $name are exact', ({ type, start }) => {
  const { take } = sequenceOf(type, { start, min: -MAX });
  for (let i = 0n; i < 6n; i++) expect(take()).toBe(start + i);
});

const small = fc.integer({ min: -12, max: 12 }).map(BigInt);

property.prop([small, small, small.filter((n) => n !== 0n), fc.nat(100)])(
  'a sequence goes round its range as the specification says',
  (a, b, increment, choice) => {
    const [min, max] = a < b ? [a, b] : [b, a];
    const start = min + (BigInt(choice) % (max - min + 1n));
    const { sequence, take } = sequenceOf(types.i32, { start, min, max, increment });
    let expected = start;
    for (let i = 0; i < 60; i++) {
      expect(take()).toBe(Number(expected));
      expected += increment;
      if (expected > max) expected = min + ((expected - max - 1n) % (max - min + 1n));
      else if (expected < min) expected = max - ((min - expected - 1n) % (max - min + 1n));
      expect(sequence.allocated >= min && sequence.allocated <= max).toBe(true);
    }
  },
);

test.each([
  { name: 'no integer', type: types.string, increment: 1n },
  { name: 'increment 0', type: types.u32, increment: 0n },
])('a sequence is refused: $name', ({ type, increment }) => {
  expect(() => sequenceOf(type, { increment })).toThrow(StoreError);
});
