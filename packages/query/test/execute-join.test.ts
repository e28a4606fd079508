import { fc, test as property } from '@fast-check/vitest';
import { bytesToHex, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { executeSelect, planQuery, planStatement, planSubscription, visitRows } from '../src/index.ts';
import { MemoryDatabase, type TableShape } from './memory-database.ts';
import {
  type JoinQuery,
  type SmallRow,
  decodeSmallRow,
  encodeSmallRow,
  joinQuery,
  naiveTuples,
  sender,
  smallRow,
  sqlOf,
  tables,
} from './random-join.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 300);

function select(database: MemoryDatabase, text: string): string[] {
  const plan = planStatement(text, database);
  if (plan.kind !== 'select') throw new Error('not a SELECT');
  const rows: string[] = [];
  executeSelect(plan, database, sender, {
    row: (bytes, start, end) => rows.push(bytesToHex(bytes.subarray(start, end))) > 0,
  });
  return rows;
}

const rows = fc.array(fc.tuple(fc.nat(2), smallRow), { maxLength: 20, size: 'max' });

/** The same tables with and without indexes: index joins and hash joins must agree. */
const SHAPES: readonly (readonly TableShape[])[] = [tables, tables.map((table) => ({ ...table, indexes: [] }))];

property.prop([joinQuery({ maxTables: 4, crossJoins: true }), rows, fc.constantFrom(...SHAPES)], { numRuns })(
  'a join yields each tuple that matches, once, by index or without',
  (query: JoinQuery, contents, shapes) => {
    const database = new MemoryDatabase(shapes);
    for (const [tableId, row] of contents) database.insert(tableId, encodeSmallRow(row), 0, encodeSmallRow(row).length);
    const rowsOf = (name: string): SmallRow[] => database.rows(database.findTable(name)!.id).map(decodeSmallRow);
    const wanted = naiveTuples(query, rowsOf);
    const sql = sqlOf(query);

    for (const position of query.from.keys()) {
      const wantedRows = wanted.map((tuple) => bytesToHex(encodeSmallRow(tuple[position]!))).toSorted();
      expect(select(database, `SELECT t${position}.* ${sql}`).toSorted()).toEqual(wantedRows);
      const once: string[] = [];
      visitRows(planQuery(`SELECT t${position}.* ${sql}`, database), database, sender, {
        row: (bytes, start, end) => once.push(bytesToHex(bytes.subarray(start, end))) > 0,
      });
      expect(once.toSorted()).toEqual(wantedRows);
    }
    const last = query.from.length - 1;
    expect(select(database, `SELECT t0.id AS x, t${last}.link AS y ${sql}`).toSorted()).toEqual(
      wanted.map((tuple) => bytesToHex(Uint8Array.of(tuple[0]![0], tuple[last]![1]))).toSorted(),
    );
    const count = Buffer.alloc(8);
    count.writeBigUInt64LE(BigInt(wanted.length));
    expect(select(database, `SELECT COUNT(*) AS n ${sql}`)).toEqual([count.toString('hex')]);
    expect(select(database, `SELECT t0.* ${sql} LIMIT 3`)).toHaveLength(Math.min(3, wanted.length));
  },
);

const shapes: readonly TableShape[] = [
  {
    name: 'indexed',
    columns: [
      { name: 'n', type: types.u8 },
      { name: 'm', type: types.u8 },
    ],
    indexes: [[0]],
  },
  {
    name: 'other',
    columns: [
      { name: 'n', type: types.u8 },
      { name: 'm', type: types.u8 },
    ],
    indexes: [[0]],
  },
  {
    name: 'pair',
    columns: [
      { name: 'n', type: types.u8 },
      { name: 'm', type: types.u8 },
    ],
    indexes: [[1, 0]],
  },
  { name: 'event', columns: [{ name: 'n', type: types.u8 }], indexes: [[0]], isEvent: true },
];
const database = new MemoryDatabase(shapes);

test.each([
  'SELECT i.* FROM indexed i JOIN other o ON i.n = o.n',
  'SELECT o.* FROM indexed i JOIN other o ON o.n = i.n WHERE i.m = 1 AND o.m = 2',
  'SELECT i.* FROM indexed i CROSS JOIN other o WHERE i.n = o.n',
  'SELECT i.* FROM indexed i JOIN pair p ON i.n = p.n WHERE p.m = 1',
  'SELECT i.* FROM indexed i JOIN indexed j ON i.n = j.n',
  'SELECT e.* FROM event e JOIN other o ON e.n = o.n',
  'SELECT e.* FROM other o JOIN event e ON e.n = o.n',
])('%s can be followed', (text) => {
  expect(planSubscription(text, database).kind).toBe('join');
});

test.each([
  ['SELECT i.* FROM indexed i JOIN other o ON i.n = o.m', 'Subscriptions require indexes on join columns'],
  ['SELECT i.* FROM indexed i JOIN other o ON i.m = o.n', 'Subscriptions require indexes on join columns'],
  ['SELECT i.* FROM indexed i JOIN other o', 'Subscriptions require indexes on join columns'],
  ['SELECT i.* FROM indexed i JOIN other o WHERE o.n = 1', 'Subscriptions require indexes on join columns'],
  ['SELECT i.* FROM indexed i JOIN pair p ON i.n = p.n', 'Subscriptions require indexes on join columns'],
  [
    'SELECT i.* FROM indexed i JOIN other o ON i.n = o.n JOIN indexed j ON j.n = o.n',
    'Invalid number of tables in subscription: 3',
  ],
  [
    'SELECT o.* FROM other o JOIN event e ON e.n = o.n',
    'Event tables cannot be used as the lookup table in subscription joins',
  ],
  [
    'SELECT e.* FROM event e JOIN event f ON e.n = f.n',
    'Event tables cannot be used as the lookup table in subscription joins',
  ],
])('%s cannot be followed', (text, message) => {
  expect(() => planSubscription(text, database)).toThrow(expect.objectContaining({ name: 'QueryError', message }));
  expect(planQuery(text, database).kind).toBe('join');
});

test('a join of 250 tables is planned and run', () => {
  const first = Uint8Array.of(1, 1);
  database.insert(0, first, 0, 2);
  const joins = Array.from({ length: 249 }, (_, i) => `JOIN indexed t${i + 1} ON t${i + 1}.n = t${i}.n`);
  expect(select(database, `SELECT t0.n, t249.m FROM indexed t0 ${joins.join(' ')}`)).toEqual(['0101']);
});

test('a join that multiplies its rows is refused before it holds everybody up', () => {
  const database = new MemoryDatabase(tables);
  for (let i = 0; i < 420; i++) {
    const row = encodeSmallRow([i & 0xff, 1, String(i)]);
    database.insert(database.findTable('a')!.id, row, 0, row.length);
  }
  const count = (from: string): string[] => select(database, `SELECT COUNT(*) AS n FROM ${from}`);
  expect(count('a x JOIN a y ON x.link = y.link')).toEqual(['10b1020000000000']); // 420²
  expect(() => count('a x JOIN a y ON x.link = y.link JOIN a z ON z.link = x.link')).toThrow(
    expect.objectContaining({ code: 'QUERY_TOO_LARGE' }),
  );
});
