import { fc, test as property } from '@fast-check/vitest';
import { ByteReader, bytesToHex, compileRow } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { MemoryDatabase } from './memory-database.ts';
import { type Values, condition, encodeRow, row, sender, shape } from './random-query.ts';
import { planStatement } from '../src/plan/plan-statement.ts';
import { executeSelect } from '../src/execute/execute-select.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 300);

/** Rows of the result as objects; 64-bit and wider integers are bigints. */
function select(database: MemoryDatabase, text: string): object[] {
  const plan = planStatement(text, database);
  if (plan.kind !== 'select') throw new Error('not a SELECT');
  const rows: object[] = [];
  const rowType = compileRow(plan.result, []);
  executeSelect(plan, database, sender, {
    row(bytes, start, end) {
      expect(rowType.validate(bytes, start, end)).toBe(end);
      rows.push(rowType.decode(new ByteReader(bytes, start, end)) as object);
      return true;
    },
  });
  return rows;
}

function databaseOf(rows: readonly Values[]): MemoryDatabase {
  const database = new MemoryDatabase([shape]);
  const table = database.findTable('t')!; // the one made above
  for (const values of rows) {
    const bytes = encodeRow(table.row.encode, values);
    database.insert(table.id, bytes, 0, bytes.length);
  }
  return database;
}

property.prop([condition, fc.array(row, { maxLength: 20, size: 'max' }), fc.nat(25)], { numRuns })(
  'a SELECT yields what a naive filter keeps, by scan or by index',
  ({ sql, holds }, values, limit) => {
    const database = databaseOf(values);
    const encoded = database.rows(0);
    const rowType = database.findTable('t')!.row;
    const hex = (row: object): string => {
      const columns = shape.columns.map(({ name }) => (row as Record<string, never>)[name]);
      return bytesToHex(encodeRow(rowType.encode, columns as unknown as Values));
    };
    const wanted = encoded
      .filter((bytes) => holds(Object.values(rowType.decode(new ByteReader(bytes))) as Values))
      .map(bytesToHex);
    expect(select(database, `SELECT * FROM t WHERE ${sql}`).map(hex)).toEqual(wanted);
    expect(select(database, `SELECT t.* FROM t WHERE ${sql} LIMIT ${limit}`).map(hex)).toEqual(wanted.slice(0, limit));
    expect(select(database, `SELECT COUNT(*) AS n FROM t WHERE ${sql}`)).toEqual([{ n: BigInt(wanted.length) }]);
    expect(select(database, `SELECT text_2 AS a, u32 FROM t WHERE ${sql}`)).toHaveLength(wanted.length);
  },
);

describe('on three rows', () => {
  const edge = (position: number): Values =>
    fc
      .sample(row, { seed: position, numRuns: 1 })[0]!
      .map((value, i) =>
        shape.columns[i]!.name === 'u32' ? position : shape.columns[i]!.name === 'text_2' ? `row ${position}` : value,
      );
  const database = databaseOf([edge(0), edge(1), edge(2)]);

  test.each([
    {
      text: 'SELECT text_2, u32 FROM t WHERE u32 > 0',
      rows: [
        { text_2: 'row 1', u32: 1 },
        { text_2: 'row 2', u32: 2 },
      ],
    },
    { text: 'SELECT u32 AS n FROM t LIMIT 1', rows: [{ n: 0 }] },
    { text: 'SELECT u32 FROM t LIMIT 0', rows: [] },
    { text: 'SELECT u32 FROM t LIMIT 18446744073709551615', rows: [{ u32: 0 }, { u32: 1 }, { u32: 2 }] },
    { text: 'SELECT COUNT(*) AS n FROM t', rows: [{ n: 3n }] },
    { text: 'SELECT COUNT(*) AS n FROM t LIMIT 1', rows: [{ n: 3n }] },
    { text: 'SELECT COUNT(*) AS n FROM t LIMIT 0', rows: [] },
    { text: 'SELECT COUNT(*) AS n FROM t WHERE u32 < 2', rows: [{ n: 2n }] },
  ])('$text', ({ text, rows }) => {
    expect(select(database, text)).toEqual(rows);
  });

  test('an index is read where it can be, and nothing after the visitor has enough', () => {
    const seeks = database.seeks;
    select(database, 'SELECT * FROM t WHERE u32 = 1');
    expect(database.seeks).toBe(seeks + 1);
    const plan = planStatement('SELECT * FROM t', database);
    let visited = 0;
    if (plan.kind === 'select') executeSelect(plan, database, sender, { row: () => ++visited < 2 });
    expect(visited).toBe(2);
  });
});
