import { ByteReader, ByteWriter } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { readRowList, rowCount, rowStart } from './row-list.ts';
import type { RowList } from './row-list.ts';
import { RowListWriter } from './row-list-writer.ts';

function write(rows: readonly Uint8Array[], list = new RowListWriter(), writer = new ByteWriter(16)): RowList {
  const start = writer.length;
  list.begin(writer);
  for (const row of rows) list.row(row, 0, row.length);
  expect(list.end()).toBe(rows.length);
  const reader = new ByteReader(writer.bytes, start, writer.length);
  const read = readRowList(reader);
  expect(reader.remaining).toBe(0);
  return { sizeHint: read.sizeHint, data: read.data.slice() };
}

function rowsOf(list: RowList): Uint8Array[] {
  return Array.from({ length: rowCount(list) }, (_, i) => list.data.subarray(rowStart(list, i), rowStart(list, i + 1)));
}

const sized = (...lengths: number[]): Uint8Array[] => lengths.map((length, i) => new Uint8Array(length).fill(i + 1));

test.each([
  { what: 'no rows', rows: sized(), hint: { tag: 'RowOffsets', offsets: [] } },
  { what: 'one row', rows: sized(3), hint: { tag: 'FixedSize', size: 3 } },
  { what: 'rows of one length', rows: sized(3, 3), hint: { tag: 'FixedSize', size: 3 } },
  { what: 'rows of the longest fixed length', rows: sized(65535, 65535), hint: { tag: 'FixedSize', size: 65535 } },
  { what: 'equal rows over it', rows: sized(65536, 65536), hint: { tag: 'RowOffsets', offsets: [0, 65536] } },
  { what: 'rows that differ', rows: sized(3, 2, 3), hint: { tag: 'RowOffsets', offsets: [0, 3, 5] } },
  { what: 'rows of no bytes', rows: sized(0, 0), hint: { tag: 'RowOffsets', offsets: [0, 0] } },
  { what: 'an empty row first', rows: sized(0, 4), hint: { tag: 'RowOffsets', offsets: [0, 0] } },
])('$what', ({ rows, hint }) => {
  const list = write(rows);
  expect(list.sizeHint).toEqual(hint);
  expect(rowsOf(list)).toEqual(rows);
});

property.prop(
  [
    fc.array(fc.array(fc.uint8Array({ maxLength: 60, size: 'max' }), { maxLength: 100, size: 'max' }), {
      maxLength: 5,
    }),
  ],
  {
    numRuns: Number(process.env['PROPERTY_RUNS'] ?? 200),
  },
)('one writer after another list gives back the rows it was given', (lists) => {
  const list = new RowListWriter();
  const writer = new ByteWriter(16);
  for (const rows of lists) expect(rowsOf(write(rows, list, writer))).toEqual(rows);
});

property.prop([fc.array(fc.tuple(fc.uint8Array({ minLength: 3, maxLength: 5 }), fc.boolean()))])(
  'it is all the same whether rows lie one behind the other or apart',
  (rows) => {
    const memory = new ByteWriter(16);
    const places = rows.map(([row, isApart]) => {
      if (isApart) memory.u8(255);
      const start = memory.length;
      memory.raw(row);
      return { start, end: memory.length };
    });
    const writer = new ByteWriter(16);
    const list = new RowListWriter();
    list.begin(writer);
    for (const { start, end } of places) list.row(memory.bytes, start, end);
    list.end();
    expect(rowsOf(readRowList(new ByteReader(writer.bytes, 0, writer.length)))).toEqual(rows.map(([row]) => row));
  },
);

test('a list that was not ended leaves nothing in the next', () => {
  const list = new RowListWriter();
  list.begin(new ByteWriter());
  for (const row of sized(2, 3)) list.row(row, 0, row.length);
  const rows = sized(4, 4);
  expect(rowsOf(write(rows, list))).toEqual(rows);
});

test('a row outside begin and end is a mistake that shows', () => {
  const list = new RowListWriter();
  expect(() => list.row(new Uint8Array(1), 0, 1)).toThrow('outside begin and end');
});

test('the memory of a very long list is given back', () => {
  const held = (): number => {
    gc!({ type: 'major', execution: 'sync', flavor: 'last-resort' }); // there: see vitest.config.ts
    return process.memoryUsage().arrayBuffers;
  };
  const row = new Uint8Array(2);
  const writeLong = (list: RowListWriter): RowListWriter => {
    list.begin(new ByteWriter());
    for (let i = 0; i < 1_000_000; i++) list.row(row, 0, 1 + (i % 2));
    expect(list.end()).toBe(1_000_000);
    return list;
  };
  const before = held();
  const lists = Array.from({ length: 5 }, () => writeLong(new RowListWriter()));
  expect(held() - before).toBeLessThan(lists.length * 500_000);
});
