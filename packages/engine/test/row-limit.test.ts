import { ConnectionId, types } from '@lightcone/sats';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { btree, rawTable } from '../../schema/test/raw-modules.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';

const COLUMNS = [
  ['id', types.u8],
  ['kind', types.u8],
] as const;

let database: TestDatabase;
/** Twelve rows in `a`, of four kinds; three in `b`. `id` is unique, `kind` has an index in `a` alone. */
beforeEach(async () => {
  const unique = { primaryKey: [0], constraints: [{ name: undefined, columns: [0] }] };
  database = await openTestDatabase(
    anyModule({
      typespace: [types.product(COLUMNS)],
      types: [{ scope: [], name: 'Row', ref: 0, customOrdering: true }],
      tables: [
        rawTable({
          name: 'a',
          indexes: [
            { ...btree(0), name: 'a0' },
            { ...btree(1), name: 'a1' },
          ],
          ...unique,
        }),
        rawTable({ name: 'b', indexes: [{ ...btree(0), name: 'b0' }], ...unique }),
      ],
    }),
  );
  for (let id = 0; id < 12; id++) await database.database.sql(`INSERT INTO a (id, kind) VALUES (${id}, ${id % 4})`);
  for (let id = 0; id < 3; id++) await database.database.sql(`INSERT INTO b (id, kind) VALUES (${id}, 0)`);
});
afterEach(() => database[Symbol.asyncDispose]());

function sql(name: string, text: string): string {
  const caller = { identity: testIdentity(name), connectionId: ConnectionId.fromBigInt(9n), jwtPayload: '{}' };
  const result = database.database.database.sql(caller, text);
  return result.kind === 'ok' ? `${result.outcome.rowCount} rows` : result.message;
}

const estimates: readonly (readonly [text: string, rows: number])[] = [
  ['SELECT * FROM a', 12],
  ['SELECT * FROM a LIMIT 5', 5],
  ['SELECT * FROM a WHERE kind > 7', 24],
  ['SELECT * FROM a WHERE kind > 7 LIMIT 5', 24],
  ['SELECT * FROM a WHERE id = 7', 1],
  ['SELECT * FROM a WHERE kind = 1', 3],
  ['SELECT * FROM a WHERE kind = 1 AND id > 2', 6],
  ['SELECT COUNT(*) AS n FROM a', 12],
  // Three rows of `b`, and one of `a` for each; three of each kind; all with all.
  ['SELECT b.* FROM b JOIN a ON a.id = b.id', 6],
  ['SELECT b.* FROM b JOIN a ON a.kind = b.id', 12],
  ['SELECT a.* FROM a JOIN b', 51],
];

describe('with a row limit', () => {
  test.each(estimates)('%s is taken to read %d rows', (text, rows) => {
    sql('owner', `SET row_limit = ${rows - 1}`);
    const refusal = `Estimated cardinality (${rows} rows) exceeds limit (${rows - 1} rows)`;
    expect(sql('eve', text)).toBe(refusal);
    expect(sql('owner', text)).toMatch(/^\d+ rows$/);
    sql('owner', `SET row_limit = ${rows}`);
    expect(sql('eve', text)).toMatch(/^\d+ rows$/);
  });

  test('one-off queries and subscriptions are refused too, and subscriptions that are there go on', async () => {
    const eve = await database.database.connect(testIdentity('eve'));
    const early = await eve.subscribe('SELECT * FROM a');
    sql('owner', 'SET row_limit = 5');
    await expect(eve.query('SELECT * FROM a')).rejects.toThrow(
      'Estimated cardinality (12 rows) exceeds limit (5 rows)',
    );
    await expect(eve.subscribe('SELECT * FROM a')).rejects.toThrow(
      'Estimated cardinality (12 rows) exceeds limit (5 rows), executing: `SELECT * FROM a`',
    );
    await database.database.sql('DELETE FROM a WHERE id > 5');
    expect(await eve.query('SELECT * FROM b')).toHaveLength(3);
    expect(early.rows('a')).toHaveLength(6);
  });

  test('everybody may ask for it, and its end ends it', () => {
    sql('owner', 'SET row_limit = 5');
    expect(sql('eve', 'SHOW row_limit')).toBe('1 rows');
    sql('owner', "DELETE FROM st_var WHERE name = 'row_limit'");
    expect(sql('eve', 'SELECT * FROM a')).toBe('12 rows');
  });
});
