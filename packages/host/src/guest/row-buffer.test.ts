import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { GuestMemory } from './guest-memory.ts';
import { RowBuffer } from './row-buffer.ts';

const PAGES = 8;

/** The rule in the words of the ABI: append row; after a row, a chunk over 32768 bytes is closed. */
function chunks(sizes: readonly number[]): number[] {
  const closed: number[] = [];
  let chunk = 0;
  for (const size of sizes) {
    chunk += size;
    if (chunk > 32_768) {
      closed.push(chunk);
      chunk = 0;
    }
  }
  return chunk > 0 ? [...closed, chunk] : closed;
}

function filled(sizes: readonly number[]): { rows: RowBuffer; content: Uint8Array } {
  const rows = new RowBuffer(1);
  const content: number[] = [];
  for (const [i, size] of sizes.entries()) {
    // Rows come from the middle of pages.
    const page = new Uint8Array(size + 2).fill(i + 1);
    rows.append(page, 1, 1 + size);
    content.push(...page.subarray(1, 1 + size));
  }
  return { rows, content: Uint8Array.from(content) };
}

const rowSizes = fc.array(fc.oneof(fc.nat(60), fc.nat(40_000), fc.constantFrom(32_767, 32_768, 32_769)), {
  maxLength: 12,
});

property.prop([rowSizes, fc.array(fc.nat(100_000), { minLength: 1, maxLength: 6 })], { numRuns: 100 })(
  'gives whole chunks, as many as fit, and all rows in order',
  (sizes, capacities) => {
    const { rows, content } = filled(sizes);
    const memory = new GuestMemory();
    const wasm = new WebAssembly.Memory({ initial: PAGES });
    memory.attach(wasm);
    const left = chunks(sizes);
    let read = 0;
    for (let i = 0; !rows.isDrained; i++) {
      // Capacities come again and again; one that is always too small is made large enough in the end.
      const capacity = capacities[i % capacities.length]! + (i > 20 ? 100_000 : 0);
      expect(rows.nextChunkBytes).toBe(left[0]);
      const moved = rows.moveChunks(memory, 16, capacity);
      let expected = 0;
      while (left.length > 0 && expected + left[0]! <= capacity) expected += left.shift()!;
      expect(moved).toBe(expected);
      expect(Buffer.compare(new Uint8Array(wasm.buffer, 16, moved), content.subarray(read, read + moved))).toBe(0);
      read += moved;
    }
    expect(left).toEqual([]);
    expect(read).toBe(content.length);
  },
);

property.prop([fc.integer({ min: 1, max: 20_000 }), fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 4 })], {
  numRuns: 50,
})('rows that lie side by side are taken as if one by one', (rowBytes, runs) => {
  const together = new RowBuffer(1);
  const oneByOne = new RowBuffer(1);
  const page = Uint8Array.from({ length: 65_536 }, (_, i) => i % 251);
  for (const wanted of runs) {
    const count = Math.min(wanted, Math.floor((page.length - 3) / rowBytes));
    together.appendRun(page, 3, 3 + count * rowBytes, count);
    for (let i = 0; i < count; i++) oneByOne.append(page, 3 + i * rowBytes, 3 + (i + 1) * rowBytes);
  }
  expect(together.rowCount).toBe(oneByOne.rowCount);
  expect(contentByChunks(together)).toEqual(contentByChunks(oneByOne));
});

function contentByChunks(rows: RowBuffer): string[] {
  const wasm = new WebAssembly.Memory({ initial: 2 });
  const memory = new GuestMemory();
  memory.attach(wasm);
  const chunks: string[] = [];
  while (!rows.isDrained) {
    const moved = rows.moveChunks(memory, 0, rows.nextChunkBytes);
    chunks.push(Buffer.from(wasm.buffer, 0, moved).toString('base64'));
  }
  return chunks;
}

test('room that is made beforehand changes nothing but how often a buffer grows, and is bounded as rows are', () => {
  const { rows, content } = filled([5, 40_000]);
  rows.makeRoom(100_000);
  expect(rows.length).toBe(content.length);
  rows.append(Uint8Array.of(1, 2, 3), 0, 3);
  expect(contentByChunks(rows)).toEqual([
    Buffer.from(content).toString('base64'),
    Buffer.of(1, 2, 3).toString('base64'),
  ]);
  const full = new RowBuffer(1);
  full.maxBytes = 8000;
  full.makeRoom(2 ** 50);
  expect(() => full.append(new Uint8Array(8001), 0, 8001)).toThrow(/open row iterators/);
});

test('a buffer that is reset is as new', () => {
  const { rows } = filled([40_000, 5, 40_000]);
  rows.reset();
  expect([rows.length, rows.rowCount, rows.isDrained, rows.nextChunkBytes]).toEqual([0, 0, true, 0]);
  rows.append(Uint8Array.of(1, 2, 3), 1, 3);
  expect([rows.length, rows.rowCount, rows.isDrained, rows.nextChunkBytes]).toEqual([2, 1, false, 2]);
});
