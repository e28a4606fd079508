import { BOUND, ERRNO, IndexRange, RowBuffer } from '@lightcone/host';
import { type AlgebraicValue, ByteWriter, bytesToHex, compileRow, types } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { ReadSet } from '../src/views/read-set.ts';
import { ReaderIndex } from '../src/views/reader-index.ts';
import { TestCore } from './support/test-core.ts';

const COLUMNS = [['a', types.u32], ['b', types.string], ['x', types.f64]] as const; // prettier-ignore
const row = compileRow(types.product(COLUMNS), []);

const TABLES = {
  t: {
    columns: COLUMNS,
    indexes: [
      { ...btree(0), name: 'by_a', accessorName: 'by_a' },
      { ...btree(0, 1), name: 'by_a_b', accessorName: 'by_a_b' },
      { ...btree(2), name: 'by_x', accessorName: 'by_x' },
    ],
  },
};

let probe: TestCore;
let tableId: number;
beforeEach(async () => {
  probe = await TestCore.open(TABLES);
  tableId = probe.core.data.tableId('t');
});

/** What a piece of a view reads: `whole`, or the keys as hex. */
function readsOf(run: () => number): 'whole' | string[] {
  const { data } = probe.core;
  const reads = new ReadSet();
  data.reads = reads;
  try {
    expect(run()).toBeGreaterThanOrEqual(0);
  } finally {
    data.reads = undefined;
  }
  if (reads.tables.size > 0) return 'whole';
  return [...(reads.points.get(tableId) ?? [])].map(({ key }) => bytesToHex(key));
}

type Encoded = (writer: ByteWriter) => void;
const nothing: Encoded = () => {};
const u32 =
  (value: number): Encoded =>
  (writer) =>
    writer.u32(value);
const string =
  (value: string): Encoded =>
  (writer) =>
    writer.string(value);
const and = (...parts: Encoded[]): Encoded => (writer) => parts.forEach((part) => part(writer)); // prettier-ignore
const hex = (part: Encoded): string => {
  const writer = new ByteWriter();
  part(writer);
  return bytesToHex(writer.written());
};

function pointScan(index: string, key: Encoded): number {
  const writer = new ByteWriter();
  key(writer);
  const { data } = probe.core;
  return data.scanIndexPoint(data.indexId(index), writer.bytes, 0, writer.length, new RowBuffer(1));
}

interface Bound {
  readonly kind: keyof typeof BOUND;
  readonly value?: Encoded;
}

function rangeScan(index: string, prefix: Encoded, prefixColumns: number, lower: Bound, upper: Bound): number {
  const writer = new ByteWriter();
  const range = new IndexRange();
  range.prefixColumns = prefixColumns;
  range.prefixStart = writer.length;
  prefix(writer);
  range.prefixEnd = writer.length;
  range.lowerKind = BOUND[lower.kind];
  range.lowerStart = writer.length;
  lower.value?.(writer);
  range.lowerEnd = writer.length;
  range.upperKind = BOUND[upper.kind];
  range.upperStart = writer.length;
  upper.value?.(writer);
  range.upperEnd = writer.length;
  const { data } = probe.core;
  return data.scanIndexRange(data.indexId(index), writer.bytes, range, new RowBuffer(1));
}

const included = (value: Encoded): Bound => ({ kind: 'included', value });
const excluded = (value: Encoded): Bound => ({ kind: 'excluded', value });
const unbounded: Bound = { kind: 'unbounded' };

describe('what a call of a view reads', () => {
  test.each<{ what: string; run: () => number; reads: 'whole' | string[] }>([
    { what: 'the name of a table', run: () => probe.core.data.tableId('t'), reads: [] },
    { what: 'the name of an index', run: () => probe.core.data.indexId('by_a'), reads: [] },
    { what: 'a count', run: () => probe.core.data.rowCount(tableId), reads: 'whole' },
    { what: 'a scan', run: () => probe.core.data.scanTable(tableId, new RowBuffer(1)), reads: 'whole' },
    { what: 'a point', run: () => pointScan('by_a', u32(7)), reads: [hex(u32(7))] },
    { what: 'a point with bytes after it', run: () => pointScan('by_a', and(u32(7), u32(8))), reads: [hex(u32(7))] },
    {
      what: 'a point of two columns',
      run: () => pointScan('by_a_b', and(u32(7), string('x'))),
      reads: [hex(and(u32(7), string('x')))],
    },
    {
      what: 'a range of one value',
      run: () => rangeScan('by_a', nothing, 0, included(u32(7)), included(u32(7))),
      reads: [hex(u32(7))],
    },
    {
      what: 'a range of one value, one end with bytes after it',
      run: () => rangeScan('by_a', nothing, 0, included(and(u32(7), u32(9))), included(u32(7))),
      reads: [hex(u32(7))],
    },
    {
      what: 'a prefix and a range of one value',
      run: () => rangeScan('by_a_b', u32(7), 1, included(string('x')), included(string('x'))),
      reads: [hex(and(u32(7), string('x')))],
    },
    {
      what: 'a range of one value with a column after it',
      run: () => rangeScan('by_a_b', nothing, 0, included(u32(7)), included(u32(7))),
      reads: 'whole',
    },
    {
      what: 'a range',
      run: () => rangeScan('by_a', nothing, 0, included(u32(7)), included(u32(8))),
      reads: 'whole',
    },
    {
      what: 'a range without the value at one end',
      run: () => rangeScan('by_a', nothing, 0, included(u32(7)), excluded(u32(7))),
      reads: 'whole',
    },
    {
      what: 'a range without a value',
      run: () => rangeScan('by_a', nothing, 0, excluded(u32(7)), excluded(u32(7))),
      reads: 'whole',
    },
    { what: 'a range without ends', run: () => rangeScan('by_a', nothing, 0, unbounded, unbounded), reads: 'whole' },
    { what: 'a prefix', run: () => rangeScan('by_a_b', u32(7), 1, unbounded, unbounded), reads: 'whole' },
    {
      what: 'two points, one of them twice',
      run: () => pointScan('by_a', u32(7)) + pointScan('by_a', u32(8)) + pointScan('by_a', u32(7)),
      reads: [hex(u32(7)), hex(u32(8))],
    },
    {
      what: 'a point and everything',
      run: () => pointScan('by_a', u32(7)) + probe.core.data.rowCount(tableId) + pointScan('by_a', u32(8)),
      reads: 'whole',
    },
  ])('$what', ({ run, reads }) => {
    expect(readsOf(run)).toEqual(reads);
  });

  test('what is refused reads nothing', () => {
    const reads = new ReadSet();
    const { data } = probe.core;
    data.reads = reads;
    expect(pointScan('by_a_b', u32(7))).toBe(-ERRNO.bsatnDecodeError);
    expect(rangeScan('by_a', u32(7), 1, unbounded, unbounded)).toBe(-ERRNO.bsatnDecodeError);
    expect(data.rowCount(99_999)).toBe(-ERRNO.noSuchTable);
    expect(data.scanIndexPoint(99_999, new Uint8Array(4), 0, 4, new RowBuffer(1))).toBe(-ERRNO.noSuchIndex);
    expect([reads.tables.size, reads.points.size]).toEqual([0, 0]);
  });

  test('reads outside of views are recorded nowhere', () => {
    expect(pointScan('by_a', u32(7))).toBe(0);
    expect(probe.core.data.reads).toBeUndefined();
  });

  test('more keys than are worth telling apart count as the whole table', () => {
    expect(
      readsOf(() => {
        for (let i = 0; i < 30_000; i++) pointScan('by_a', u32(i));
        return 0;
      }),
    ).toBe('whole');
    expect(readsOf(() => pointScan('by_a_b', and(u32(1), string('x'.repeat(5_000_000)))))).toBe('whole');
  });
});

const a = fc.integer({ min: 0, max: 3 });
const b = fc.constantFrom('', 'x', 'xx');
const x = fc.constantFrom(0, -0, NaN, 1.5, Infinity);
const rows = fc.array(fc.record({ a, b, x }), { maxLength: 8 });
const reading = fc.oneof(
  fc.record({ index: fc.constant('by_a'), key: a.map((value) => [value]) }),
  fc.record({ index: fc.constant('by_a_b'), key: fc.tuple(a, b) }),
  fc.record({ index: fc.constant('by_x'), key: x.map((value) => [value]) }),
  fc.constant({ index: 'whole', key: [] as AlgebraicValue[] }),
);
const INDEX_COLUMNS: Readonly<Record<string, readonly ('a' | 'b' | 'x')[]>> = {
  by_a: ['a'],
  by_a_b: ['a', 'b'],
  by_x: ['x'],
};

interface ModelRow {
  readonly a: number;
  readonly b: string;
  readonly x: number;
}

property.prop([rows, rows, rows, fc.array(fc.array(reading, { maxLength: 3 }), { maxLength: 6 }), fc.nat(5)])(
  'a change finds those readers whose whole table or keys it touches, and no others',
  async (before, inserted, deleted, readings, forgotten) => {
    const { core } = (probe = await TestCore.open(TABLES));
    const table = core.store.table(core.data.tableId('t'));
    const encode = (value: ModelRow): Uint8Array => {
      const writer = new ByteWriter();
      row.encode(writer, { ...value });
      return writer.finish();
    };
    const readers = new ReaderIndex<number>();
    const readSets = readings.map((parts) => {
      const reads = new ReadSet();
      core.data.reads = reads;
      for (const { index, key } of parts) {
        if (index === 'whole') core.data.rowCount(table.definition.id);
        else {
          pointScan(index, (writer) => {
            INDEX_COLUMNS[index]!.forEach((column, i) => {
              const type = table.definition.row.columns.find(({ name }) => name === column)!.type;
              type.encode(writer, key[i]!);
            });
          });
        }
      }
      core.data.reads = undefined;
      return reads;
    });
    readSets.forEach((reads, reader) => readers.add(reader, reads));
    if (readSets[forgotten] !== undefined) readers.remove(forgotten, readSets[forgotten]);

    probe.commit([{ table: 't', insert: before.map((value) => ({ ...value })) }]);
    const was = new Set(before.map((value) => bytesToHex(encode(value))));
    const transaction = core.transactions.begin();
    for (const value of deleted) transaction.deleteByValue(table, encode(value), 0, encode(value).length);
    for (const value of inserted) transaction.insert(table, encode(value), 0, encode(value).length);
    const is = new Set(was);
    for (const value of deleted) is.delete(bytesToHex(encode(value)));
    for (const value of inserted) is.add(bytesToHex(encode(value)));
    const changed = [...before, ...inserted].filter((value) => {
      const key = bytesToHex(encode(value));
      return was.has(key) !== is.has(key);
    });

    const found = new Set<number>();
    for (const touched of transaction.touched) readers.collect(touched, found);
    transaction.rollback();
    const equal = (left: unknown, right: unknown): boolean => left === right || Object.is(left, right);
    const expected = readings.flatMap((parts, reader) => {
      if (reader === forgotten) return [];
      const isTouched = parts.some(({ index, key }) =>
        index === 'whole'
          ? changed.length > 0
          : changed.some((value) => INDEX_COLUMNS[index]!.every((column, i) => equal(value[column], key[i]))),
      );
      return isTouched ? [reader] : [];
    });
    expect([...found].toSorted((left, right) => left - right)).toEqual(expected);

    readSets.forEach((reads, reader) => reader !== forgotten && readers.remove(reader, reads));
    expect(readers.isEmpty).toBe(true);
  },
);
