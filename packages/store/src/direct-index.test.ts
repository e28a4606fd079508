import { type AlgebraicType, ByteWriter, compileRow, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { DirectIndex } from './direct-index.ts';
import { PointerList } from './pointer-list.ts';
import { RowPages } from './row-pages.ts';
import { NO_ROW } from './row-pointer.ts';

class DirectRows {
  readonly rows: RowPages;
  readonly index: DirectIndex;
  readonly #row;
  readonly #writer = new ByteWriter();

  constructor(type: AlgebraicType) {
    this.#row = compileRow(types.product([['k', type]]), []);
    this.rows = new RowPages(this.#row.staticSize);
    this.index = new DirectIndex(
      { id: 1, name: 'i', algorithm: 'direct', columns: [0], isUnique: true },
      this.#row,
      this.rows,
    );
  }

  encode(key: bigint | number): Uint8Array {
    this.#writer.reset();
    this.#row.encode(this.#writer, { k: key });
    return this.#writer.finish();
  }

  insert(key: bigint | number): number {
    const bytes = this.encode(key);
    const row = this.rows.allocate(bytes.length);
    this.rows.bytes(row).set(bytes, this.rows.start(row));
    const equal = this.index.insert(row);
    if (equal < 0) return row;
    this.rows.free(row);
    return NO_ROW;
  }

  find(key: bigint | number): number {
    const bytes = this.encode(key);
    return this.index.findUnique(bytes, 0, bytes.length);
  }

  range(lower: bigint | number, upper: bigint | number): number[] {
    const bytes = new Uint8Array([...this.encode(lower), ...this.encode(upper)]);
    const middle = bytes.length / 2;
    const out = new PointerList();
    this.index.scanRange(
      bytes,
      0,
      0,
      0,
      { kind: 'included', start: 0, end: middle },
      { kind: 'excluded', start: middle, end: bytes.length },
      out,
    );
    return Array.from({ length: out.length }, (_, i) => out.at(i)).toSorted((a, b) => a - b);
  }
}

test('dense keys take four bytes each', () => {
  const direct = new DirectRows(types.u32);
  for (let key = 0; key < 100_000; key++) direct.insert(key);
  expect(direct.index.byteSize / 100_000).toBeLessThan(5);
  expect(direct.find(99_999)).toBe(99_999);
  expect(direct.find(100_000)).toBe(NO_ROW);
  expect(direct.range(500, 3000)).toEqual(Array.from({ length: 2500 }, (_, i) => 500 + i));
});

test('keys that lie far apart or are huge take memory in proportion to the rows', () => {
  const direct = new DirectRows(types.u64);
  const keys = [0n, 2n ** 64n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 26n, 2n ** 26n - 1n];
  for (let i = 1n; i < 20_000n; i++) keys.push(i * 100_003n);
  const rows = keys.map((key) => direct.insert(key));
  expect(direct.index.byteSize / keys.length).toBeLessThan(100);
  keys.forEach((key, i) => expect(direct.find(key)).toBe(rows[i]));
  expect(direct.find(2n ** 53n + 2n)).toBe(NO_ROW);
  for (const key of keys) expect(direct.insert(key)).toBe(NO_ROW);
  expect(direct.range(2n ** 53n, 2n ** 53n + 2n)).toEqual([rows[2], rows[3]]);
  expect(direct.range(100_003n, 300_009n)).toEqual([rows[6], rows[7]]);
  expect(direct.range(9n, 3n)).toEqual([]);
  for (const row of rows) direct.index.remove(row);
  expect(keys.every((key) => direct.find(key) === NO_ROW)).toBe(true);
  expect(direct.range(0n, 2n ** 64n - 1n)).toEqual([]);
});

test('a window that slides over ascending keys keeps its size', () => {
  const direct = new DirectRows(types.u32);
  const rows = Array.from({ length: 10_000 }, (_, key) => direct.insert(key));
  const { byteSize } = direct.index;
  for (let key = 10_000; key < 200_000; key++) {
    const oldest = rows[key % 10_000]!;
    direct.index.remove(oldest);
    direct.rows.free(oldest);
    rows[key % 10_000] = direct.insert(key);
  }
  expect(direct.index.byteSize - byteSize).toBeLessThan(10_000); // the list of pages, 8 bytes per 1024 keys
  expect(direct.range(0, 1_000_000)).toHaveLength(10_000);
});
