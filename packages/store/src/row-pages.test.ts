import { expect, test } from 'vitest';
import { RowPages } from './row-pages.ts';

/** Rows with content that tells whether another row was written over them. */
class CheckedPages {
  readonly pages: RowPages;
  readonly contents = new Map<number, Uint8Array>();
  readonly #rows: number[] = [];
  #seed = 1;

  constructor(rowBytes: number | undefined) {
    this.pages = new RowPages(rowBytes);
  }

  random(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * limit);
  }

  allocate(length: number): number {
    const row = this.pages.allocate(length);
    expect(this.contents.has(row)).toBe(false);
    const content = new Uint8Array(length).fill(this.random(256));
    this.pages.bytes(row).set(content, this.pages.start(row));
    this.contents.set(row, content);
    this.#rows.push(row);
    return row;
  }

  freeAtRandom(): void {
    const at = this.random(this.#rows.length);
    const row = this.#rows[at]!;
    this.#rows[at] = this.#rows[this.#rows.length - 1]!;
    this.#rows.pop();
    this.pages.free(row);
    this.contents.delete(row);
  }

  check(): void {
    for (const [row, content] of this.contents) {
      const start = this.pages.start(row);
      expect(this.pages.length(row)).toBe(content.length);
      expect(Buffer.compare(this.pages.bytes(row).subarray(start, start + content.length), content)).toBe(0);
      expect(row).toBeLessThan(this.pages.pointerLimit);
    }
  }
}

test('rows stay what they are while the first chunk grows and others follow', () => {
  const checked = new CheckedPages(1000);
  for (let i = 0; i < 10_000; i++) {
    checked.allocate(1000);
    if ((i & (i + 1)) === 0) checked.check(); // at powers of two
  }
  checked.check();
  const { pageCount, pageShift } = checked.pages;
  expect(checked.pages.byteSize).toBeLessThan(10_000_000 + 65_536);
  const chunks = new Set(Array.from({ length: pageCount }, (_, page) => checked.pages.bytes(page << pageShift)));
  expect(chunks.size).toBeGreaterThan(8);
});

test.each([0, 1, 5, 12, 4000, 65_472, 100_000])(
  'rows of %s bytes keep their content and their space is used again',
  (length) => {
    const checked = new CheckedPages(length);
    const count = length > 1000 ? 20 : 3000;
    for (let i = 0; i < count; i++) checked.allocate(length);
    const { byteSize } = checked.pages;
    for (let i = 0; i < count * 2; i++) {
      checked.freeAtRandom();
      checked.allocate(length);
    }
    checked.check();
    expect(checked.pages.byteSize - byteSize).toBeLessThan(100);
  },
);

test.each([
  { name: 'tiny', length: (random: (n: number) => number) => random(5) },
  { name: 'short', length: (random: (n: number) => number) => random(100) },
  { name: 'all sizes', length: (random: (n: number) => number) => (random(10) === 0 ? random(40_000) : random(300)) },
])('rows that vary ($name) keep their content while others come and go', ({ length }) => {
  const checked = new CheckedPages(undefined);
  for (let i = 0; i < 2000; i++) checked.allocate(length((n) => checked.random(n)));
  for (let i = 0; i < 4000; i++) {
    checked.freeAtRandom();
    checked.allocate(length((n) => checked.random(n)));
  }
  checked.check();
  expect(checked.contents.size).toBe(2000);
});

test('rows are placed in ascending order as long as nothing is freed', () => {
  for (const pages of [new RowPages(12), new RowPages(undefined)]) {
    const rows = Array.from({ length: 20_000 }, (_, i) => pages.allocate(i % 3 === 0 ? 12 : 12 + (i % 50)));
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  }
});

test('the space of many replaced rows stays near the space of the rows', () => {
  const pages = new RowPages(undefined);
  const rows: number[] = [];
  let live = 0;
  let seed = 1;
  const next = (limit: number): number => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8) % limit;
  const add = (): number => {
    const length = 20 + next(200);
    live += length;
    return pages.allocate(length);
  };
  for (let i = 0; i < 10_000; i++) rows.push(add());
  for (let i = 0; i < 200_000; i++) {
    const at = next(rows.length);
    live -= pages.length(rows[at]!);
    pages.free(rows[at]!);
    rows[at] = add();
  }
  expect(pages.byteSize / live).toBeLessThan(1.6);
});

test('a large row has a page of its own, which goes with it', () => {
  const pages = new RowPages(undefined);
  pages.allocate(10);
  const { byteSize } = pages;
  const large = pages.allocate(300_000);
  expect(pages.byteSize).toBeGreaterThanOrEqual(byteSize + 300_000);
  pages.free(large);
  expect(pages.byteSize).toBeLessThan(byteSize + 100);
  expect(pages.allocate(300_000)).toBe(large);
});

test('an emptied table gives its pages back', () => {
  for (const pages of [new RowPages(100), new RowPages(undefined)]) {
    const rows = Array.from({ length: 5000 }, () => pages.allocate(100));
    for (const row of rows) pages.free(row);
    expect(pages.byteSize).toBeLessThan(300_000);
    expect(pages.pointerLimit).toBe(0);
    expect(pages.allocate(100)).toBe(0);
  }
});
