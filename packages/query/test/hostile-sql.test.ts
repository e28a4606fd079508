import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { QueryError, planStatement, planSubscription } from '../src/index.ts';
import { MemoryDatabase } from './memory-database.ts';
import { shape } from './random-query.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 3000);
const database = new MemoryDatabase([shape]);

/** Plans in both dialects; anything but a plan or a QueryError is a failure. */
function plan(text: string): void {
  for (const attempt of [planStatement, planSubscription]) {
    try {
      attempt(text, database);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
    }
  }
}

const statements = (
  JSON.parse(readFileSync(new URL('../vectors/sql.json', import.meta.url), 'utf8')) as {
    entries: { statement?: string }[];
  }
).entries.flatMap(({ statement }) => (statement === undefined ? [] : [statement]));

const tokens = (
  'SELECT * FROM t WHERE AND OR NOT ( ) , . ; = <> < <= :: + - / || IN BETWEEN LIKE IS NULL CASE WHEN END CAST EXISTS ' +
  'JOIN ON USING LEFT CROSS NATURAL AS LIMIT ALL ORDER BY GROUP UNION DISTINCT TOP COUNT(*) INSERT INTO VALUES UPDATE ' +
  "SET DELETE SHOW row_limit TO u32 text flag t.flag :sender :x 1 1.5 -1 0x 0xAB X'0' 'a' '' \"t\" N'a' $$ ? TRUE [ ] " +
  '-- /* */ \\ ` { é \u0000 \ud800 :: : $ $a$ true=true'
).split(' ');

property.prop([fc.array(fc.constantFrom(...tokens), { maxLength: 25, size: 'max' }), fc.constantFrom(' ', '')], {
  numRuns,
})('random tokens give a plan or a QueryError', (parts, separator) => {
  plan(parts.join(separator));
  plan(`SELECT * FROM t WHERE ${parts.join(separator)}`);
});

property.prop([fc.string({ unit: 'binary', maxLength: 60, size: 'max' })], { numRuns: numRuns / 10 })(
  'random text gives a plan or a QueryError',
  plan,
);

property.prop([fc.constantFrom(...statements), fc.nat(), fc.nat(), fc.constantFrom('', ...tokens)], { numRuns })(
  'statements with a piece cut out or put in give a plan or a QueryError',
  (statement, at, cut, token) => {
    const start = at % (statement.length + 1);
    plan(statement.slice(0, start));
    plan(statement.slice(0, start) + token + statement.slice(start + (cut % 8)));
  },
);

const where = 'SELECT * FROM t WHERE ';
const fill = (piece: string, before = where): string =>
  before + piece.repeat(Math.floor((49_900 - before.length) / piece.length));

test.each([
  ['parentheses', fill('(')],
  ['closed parentheses', `${where}${'('.repeat(24_000)}flag${')'.repeat(24_000)}`],
  ['NOT', fill('NOT ')],
  ['minus', fill('- ')],
  ['AND', fill('flag AND ', `${where}flag AND `)],
  ['OR of ANDs', fill('flag AND flag OR ')],
  ['comparisons of comparisons', `${where}flag${'=flag'.repeat(9_000)}`],
  ['additions', `${where}u32${'+1'.repeat(20_000)}`],
  ['CASE', fill('CASE WHEN ')],
  ['BETWEEN', fill('u32 BETWEEN 1 AND ')],
  ['casts', `${where}u32${'::a'.repeat(15_000)}`],
  ['dots', `${where}u32${'.a'.repeat(20_000)}`],
  ['digits', fill('9', `${where}u32 = `)],
  ['zeros before a digit', `${fill('0', `${where}u32 = 1`)}1`],
  ['an exponent', `${where}u32 = 1e${'9'.repeat(40_000)}`],
  ['quotes', fill("'")],
  ['doubled quotes', fill("''", `${where}text = '`)],
  ['comments', fill('/*')],
  ['dashes', fill('--\n')],
  ['dollars', fill('$a ')],
  ['semicolons', fill(';', 'SELECT * FROM t')],
  ['statements', fill('SHOW a;', '')],
  ['joins', fill(' JOIN t', 'SELECT t.* FROM t')],
  ['commas', fill(',t', 'SELECT t.* FROM t')],
  ['columns', fill(',u32', 'SELECT u32')],
  ['rows', fill(',(1)', 'INSERT INTO t (u32) VALUES (1)')],
  ['assignments', fill(',u32=1', 'UPDATE t SET u32=1')],
  ['a long word', fill('a')],
  ['hex', fill('ab', `${where}bytes = 0x`)],
  ['no blank', fill('\u3000')],
])('50 000 bytes of %s are answered at once', (_, text) => {
  const start = performance.now();
  plan(text);
  expect(performance.now() - start).toBeLessThan(1000);
});
