import { fc, test as property } from '@fast-check/vitest';
import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { MemoryDatabase } from './memory-database.ts';
import { condition, encodeRow, row, sender, shape } from './random-query.ts';
import { planSubscription } from '../src/plan/plan-subscription.ts';
import type { Predicate } from '../src/plan/predicate.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 1500);
const database = new MemoryDatabase([shape]);
const table = database.findTable('t')!; // the one made above

function predicateOf(text: string, catalog: MemoryDatabase): Predicate | undefined {
  const plan = planSubscription(text, catalog);
  if (plan.kind !== 'table') throw new Error('not a plan of one table');
  return plan.matches;
}

property.prop([condition, fc.array(row, { minLength: 1, maxLength: 8 })], { numRuns })(
  'a compiled predicate says what the condition says of the decoded row',
  ({ sql, holds }, rows) => {
    const matches = predicateOf(`SELECT * FROM t WHERE ${sql}`, database);
    for (const values of rows) {
      const bytes = encodeRow(table.row.encode, values);
      // Rows lie anywhere in a page, with other rows around them.
      const page = new Uint8Array(bytes.length + 6).fill(0xa5);
      page.set(bytes, 3);
      expect(matches?.(page, 3, sender)).toBe(holds(values));
    }
  },
);

test('the longest chain and the deepest condition that parse compile', () => {
  const shallow = Array.from({ length: 1600 }, (_, i) => `u32 = ${i}`).join(' OR ');
  const deep = Array.from({ length: 45 }).reduce<string>(
    (inner, _, i) => `(${inner}) ${i % 2 ? 'AND' : 'OR'} flag`,
    'flag',
  );
  const chain = `flag${' = true'.repeat(1600)}`;
  const mixed = `flag${' = flag < (u32 <> 1 = flag)'.repeat(799)}`;
  for (const sql of [shallow, deep, chain, mixed]) {
    const matches = predicateOf(`SELECT * FROM t WHERE ${sql}`, database);
    expect(matches?.(new Uint8Array(600), 0, sender)).toBeTypeOf('boolean');
  }
});

const bools = new MemoryDatabase([{ name: 'b', columns: [{ name: 'flag', type: types.bool }] }]);

property.prop(
  [
    fc.boolean(),
    fc.array(fc.tuple(fc.constantFrom('=', '<>', '<', '<=', '>', '>='), fc.constantFrom('true', 'false', 'flag')), {
      maxLength: 12,
    }),
  ],
  { numRuns: 300 },
)('comparisons of comparisons are done from left to right', (flag, links) => {
  const sql = `flag${links.map(([operator, right]) => ` ${operator} ${right}`).join('')}`;
  const compare: { readonly [operator: string]: (a: number, b: number) => boolean } = {
    '=': (a, b) => a === b,
    '<>': (a, b) => a !== b,
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
  };
  const valueOf = (right: string): boolean => (right === 'flag' ? flag : right === 'true');
  const expected = links.reduce(
    (left, [operator, right]) => compare[operator]!(Number(left), Number(valueOf(right))),
    flag,
  );
  const row = Uint8Array.of(Number(flag));
  expect(predicateOf(`SELECT * FROM b WHERE ${sql}`, bools)?.(row, 0, sender)).toBe(expected);
});

test('names never reach the generated text', () => {
  const name = `x"]); process.exit(1); //'\``;
  const hostile = new MemoryDatabase([
    {
      name: 'h',
      columns: [
        { name, type: types.string },
        { name: 'b', type: types.u8 },
      ],
    },
  ]);
  const matches = predicateOf(
    `SELECT * FROM h WHERE "${name.replaceAll('"', '""')}" = '");throw 1//' AND b = 1`,
    hostile,
  );
  expect(matches?.(Uint8Array.of(0, 0, 0, 0, 1), 0, sender)).toBe(false);
});

test('nothing is kept of long conditions, however many shapes of them there are', () => {
  const held = (): number => {
    gc!({ type: 'major', execution: 'sync', flavor: 'last-resort' }); // there: see vitest.config.ts
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  for (let term = 0; term < 32; term++) {
    const terms = Array.from({ length: 1600 }, (_, i) => `u32 ${i === term ? '<' : '>'} ${i}`);
    predicateOf(`SELECT * FROM t WHERE ${terms.join(' OR ')}`, database);
  }
  expect(held() - before).toBeLessThan(32 * 20_000);
});
