import { ByteWriter, type AlgebraicType, type AlgebraicValue, compileKey, compileRow, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { ColumnHeads } from './key-head.ts';
import { PointerList } from './pointer-list.ts';
import { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import { RowTree } from './row-tree.ts';

/** A tree over rows of one column, and a list of the same rows. */
class TreeAndList<T extends AlgebraicValue> {
  readonly rows: RowPages;
  readonly tree: RowTree;
  list: { row: RowPointer; value: T }[] = [];
  /** The values of `list`, where they are unique. */
  readonly values = new Set<T>();
  readonly #type;
  readonly #key;
  readonly #compare: (a: T, b: T) => number;
  readonly #writer = new ByteWriter();

  constructor(type: AlgebraicType, isUnique: boolean, compare: (a: T, b: T) => number) {
    this.#type = compileRow(types.product([['k', type]]), []);
    this.#key = compileKey(this.#type, [0]);
    this.#compare = compare;
    this.rows = new RowPages(this.#type.staticSize);
    this.tree = new RowTree(this.rows, this.#key, new ColumnHeads(this.#key), isUnique);
  }

  encode(value: T): Uint8Array {
    this.#writer.reset();
    this.#type.encode(this.#writer, { k: value });
    return this.#writer.finish();
  }

  place(value: T): RowPointer {
    const bytes = this.encode(value);
    const row = this.rows.allocate(bytes.length);
    this.rows.bytes(row).set(bytes, this.rows.start(row));
    return row;
  }

  insert(value: T): RowPointer {
    const row = this.place(value);
    const equal = this.tree.insert(row);
    if (equal < 0) {
      this.list.push({ row, value });
      this.values.add(value);
    } else {
      this.rows.free(row);
    }
    return equal;
  }

  removeAt(position: number): void {
    const [removed] = this.list.splice(position, 1);
    this.values.delete(removed!.value);
    this.tree.remove(removed!.row);
    this.free(removed!.row);
  }

  /** Frees a row and overwrites it: whoever still reads it finds something else. */
  free(row: RowPointer): void {
    const start = this.rows.start(row);
    this.rows.bytes(row).fill(0, start, start + this.rows.length(row));
    this.rows.free(row);
  }

  sorted(): { row: RowPointer; value: T }[] {
    return this.list.toSorted((a, b) => this.#compare(a.value, b.value) || a.row - b.row);
  }

  collect(lower: T | undefined, isLowerIncluded: boolean, upper: T | undefined, isUpperIncluded: boolean): number[] {
    const out = new PointerList();
    this.tree.collect(
      lower === undefined ? undefined : this.#key,
      lower === undefined ? new Uint8Array(0) : this.encode(lower),
      0,
      isLowerIncluded,
      upper === undefined ? undefined : this.#key,
      upper === undefined ? new Uint8Array(0) : this.encode(upper),
      0,
      isUpperIncluded,
      out,
    );
    return Array.from({ length: out.length }, (_, i) => out.at(i));
  }

  /** Everything in order, and some ranges. */
  check(random: () => number): void {
    const sorted = this.sorted();
    expect(this.collect(undefined, true, undefined, true)).toEqual(sorted.map(({ row }) => row));
    if (sorted.length === 0) return;
    for (let i = 0; i < 20; i++) {
      const lower = sorted[Math.floor(random() * sorted.length)]!.value;
      const upper = sorted[Math.floor(random() * sorted.length)]!.value;
      const [isLowerIncluded, isUpperIncluded] = [random() < 0.5, random() < 0.5];
      const expected = sorted.filter(({ value }) => {
        const [toLower, toUpper] = [this.#compare(value, lower), this.#compare(value, upper)];
        return (isLowerIncluded ? toLower >= 0 : toLower > 0) && (isUpperIncluded ? toUpper <= 0 : toUpper < 0);
      });
      expect(this.collect(lower, isLowerIncluded, upper, isUpperIncluded)).toEqual(expected.map(({ row }) => row));
    }
  }
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const byNumber = (a: number, b: number): number => a - b;

/** Strings that order like the numbers, and whose first bytes do not tell them apart. */
const text = (n: number): string => `prefix-${String(n).padStart(10, '0')}`;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Next = (i: number, random: () => number) => number;

const orders: { name: string; next: Next }[] = [
  { name: 'random keys', next: (_, random) => Math.floor(random() * 2 ** 32) },
  { name: 'ascending keys', next: (i) => i },
  { name: 'descending keys', next: (i) => 1_000_000 - i },
  { name: 'two ascending runs', next: (i) => (i % 2) * 1_000_000 + i },
  { name: 'many duplicates', next: (_, random) => Math.floor(random() * 7) },
];

describe.each(orders)('$name', ({ next }) => {
  test.each([true, false])('a tree of numbers (unique: %s) holds what a sorted list holds', (isUnique) => {
    const both = new TreeAndList<number>(types.u32, isUnique, byNumber);
    growAndDecay(both, isUnique, next);
    expect(both.tree.size).toBe(both.list.length);
  });

  test.each([true, false])('a tree of strings (unique: %s) holds what a sorted list holds', (isUnique) => {
    const both = new TreeAndList<string>(types.string, isUnique, compareText);
    growAndDecay(both, isUnique, (i, random) => text(next(i, random)));
    expect(both.tree.size).toBe(both.list.length);
  });
});

function growAndDecay<T extends AlgebraicValue>(
  both: TreeAndList<T>,
  isUnique: boolean,
  next: (i: number, random: () => number) => T,
): void {
  const random = randomOf(42);
  for (const limit of [3000, 10, 6000, 0, 500]) {
    for (let i = 0; both.list.length < limit && i < 8000; i++) {
      const value = next(i, random);
      const isThere = isUnique && both.values.has(value);
      expect(both.insert(value) >= 0).toBe(isThere);
    }
    both.check(random);
    while (both.list.length > limit / 3) both.removeAt(Math.floor(random() * both.list.length));
    both.check(random);
  }
}

test('full leaves that are emptied from their first entry on leave nothing behind', () => {
  const both = new TreeAndList<string>(types.string, true, compareText);
  for (let i = 0; i < 10_000; i++) both.insert(text(i));
  const before = both.encode(text(2999));
  for (const { row } of both.list.splice(3000, 4000)) {
    both.tree.remove(row);
    both.free(row);
    expect(both.tree.findKey(before, 0)).toBe(both.list[2999]!.row);
  }
  for (const { row, value } of both.list) expect(both.tree.findKey(both.encode(value), 0)).toBe(row);
  both.check(randomOf(5));
});

test('keys that are not there are not found', () => {
  const both = new TreeAndList<string>(types.string, true, compareText);
  for (let i = 0; i < 1000; i += 2) both.insert(text(i));
  for (const { row, value } of both.list) expect(both.tree.findKey(both.encode(value), 0)).toBe(row);
  for (let i = 1; i < 1000; i += 2) expect(both.tree.findKey(both.encode(text(i)), 0)).toBe(NO_ROW);
  expect(both.tree.findKey(both.encode('prefix-'), 0)).toBe(NO_ROW);
});

test.each([
  { name: 'unique', isUnique: true, values: 4000 },
  { name: 'with duplicates', isUnique: false, values: 10 },
])('rows are replaced by others with the same key ($name)', ({ isUnique, values }) => {
  const random = randomOf(3);
  const both = new TreeAndList<string>(types.string, isUnique, compareText);
  for (let i = 0; i < 4000; i++) both.insert(text(i % values));
  for (let i = 0; i < 10_000; i++) {
    const at = Math.floor(random() * both.list.length);
    const { row: old, value } = both.list[at]!;
    const row = both.place(value);
    if (isUnique && random() < 0.5) both.tree.findKey(both.encode(value), 0); // as an update does
    both.tree.replace(old, row);
    both.free(old);
    both.list[at] = { row, value };
  }
  both.check(random);
  expect(both.tree.size).toBe(4000);
});

test('ascending keys fill their nodes, and nodes of removed keys are used again', () => {
  const both = new TreeAndList<number>(types.u32, true, byNumber);
  for (let i = 0; i < 64 * 1024; i++) both.insert(i);
  const full = both.tree.byteSize;
  expect(full / both.list.length).toBeLessThan(14); // 12 bytes of head and row, and what nodes need
  // A window that slides over ascending keys.
  let oldest = 0;
  for (let i = 64 * 1024; i < 256 * 1024; i++) {
    both.tree.remove(both.list[oldest++]!.row);
    both.insert(i);
  }
  expect(both.tree.byteSize).toBeLessThan(full * 2.1); // the window takes one node more than there were, so they grew once
});

test('removing most rows at random leaves a tree that few nodes hold', () => {
  const random = randomOf(11);
  const both = new TreeAndList<number>(types.u32, true, byNumber);
  for (let i = 0; i < 20_000; i++) both.insert(Math.floor(random() * 2 ** 32));
  const full = both.tree.byteSize;
  while (both.list.length > 200) both.removeAt(Math.floor(random() * both.list.length));
  for (let i = 0; i < 15_000; i++) both.insert(Math.floor(random() * 2 ** 32));
  expect(both.tree.byteSize).toBe(full);
  both.check(random);
});
