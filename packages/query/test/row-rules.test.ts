import { fc, test as property } from '@fast-check/vitest';
import { bytesToHex, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { executeSelect, planQuery, planStatement, planSubscription, visitRows } from '../src/index.ts';
import { describeFollowing } from './follow-contract.ts';
import { follow } from './follow-query.ts';
import { MemoryDatabase, type TableShape } from './memory-database.ts';
import { type SmallRow, decodeSmallRow, encodeSmallRow, smallRow, tables } from './random-join.ts';

const sender = new Uint8Array(32).fill(9);
const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 300);

/** What a rule says, as SQL and as what it says of the rows of all tables. */
interface Rule {
  readonly sql: string;
  readonly admits: (row: SmallRow, see: (table: string) => readonly SmallRow[]) => boolean;
}

/** Rules of table `a`; those that read `b` read what rules leave of it. */
const RULES_OF_A: readonly Rule[] = [
  { sql: 'SELECT * FROM a WHERE id = 1', admits: ([id]) => id === 1 },
  { sql: "SELECT * FROM a WHERE tag = 'x' AND id = 2", admits: ([id, , tag]) => tag === 'x' && id === 2 },
  { sql: 'SELECT * FROM a WHERE link < 2', admits: ([, link]) => link < 2 },
  { sql: 'SELECT * FROM a', admits: () => true },
  {
    sql: 'SELECT a.* FROM a JOIN b ON a.link = b.id',
    admits: ([, link], see) => see('b').some(([id]) => id === link),
  },
  {
    sql: "SELECT a.* FROM b JOIN a ON a.id = b.link WHERE b.tag <> '' AND a.link > 0",
    admits: ([id, link], see) => link > 0 && see('b').some(([, l, tag]) => l === id && tag !== ''),
  },
  {
    sql: 'SELECT mine.* FROM a mine JOIN a other ON mine.link = other.id WHERE other.link = 3',
    admits: ([, link], see) => see('all of a').some(([id, l]) => id === link && l === 3),
  },
  {
    sql: 'SELECT a.* FROM a CROSS JOIN b WHERE b.id = 3',
    admits: (_, see) => see('b').some(([id]) => id === 3),
  },
  {
    sql: 'SELECT a.* FROM a JOIN b ON a.link = b.id JOIN c ON c.id = b.link',
    admits: ([, link], see) => see('b').some(([id, l]) => id === link && see('c').some((other) => other[0] === l)),
  },
];
const RULES_OF_B: readonly Rule[] = [
  { sql: "SELECT * FROM b WHERE tag <> 'yy'", admits: ([, , tag]) => tag !== 'yy' },
  {
    sql: 'SELECT b.* FROM b JOIN c ON c.id = b.id',
    admits: ([id], see) => see('c').some((other) => other[0] === id),
  },
];

const rulesOf = (rules: readonly Rule[]): fc.Arbitrary<Rule[]> =>
  fc.subarray([...rules], { minLength: 1, maxLength: Math.min(3, rules.length) });
const someRules = fc.tuple(rulesOf(RULES_OF_A), fc.oneof(fc.constant<Rule[]>([]), rulesOf(RULES_OF_B)));

function shapes(ofA: readonly Rule[], ofB: readonly Rule[]): TableShape[] {
  const rules: Record<string, readonly Rule[]> = { a: ofA, b: ofB };
  return tables.map((table) => ({
    ...table,
    isPrivate: table.name === 'c',
    rules: (rules[table.name] ?? []).map(({ sql }) => sql),
  }));
}

/** What the caller sees of a table, worked out rule by rule and row by row. */
function seen(database: MemoryDatabase, ofA: readonly Rule[], ofB: readonly Rule[]): (table: string) => SmallRow[] {
  const all = (name: string): SmallRow[] => database.rows(database.findTable(name)!.id).map(decodeSmallRow);
  const see = (name: string): SmallRow[] => {
    if (name === 'all of a') return all('a');
    const rules = name === 'a' ? ofA : name === 'b' ? ofB : [];
    return all(name).filter((row) => rules.length === 0 || rules.some(({ admits }) => admits(row, see)));
  };
  return see;
}

const contents = fc.array(fc.tuple(fc.nat(2), smallRow), { maxLength: 20, size: 'max' });
const hex = (row: SmallRow): string => bytesToHex(encodeSmallRow(row));

property.prop([someRules, contents, fc.nat(5)], { numRuns })(
  'a query yields what somebody sees of its tables, each row once, whichever rules admit it',
  ([ofA, ofB], rows, limit) => {
    const database = new MemoryDatabase(shapes(ofA, ofB));
    for (const [tableId, row] of rows) database.insert(tableId, encodeSmallRow(row), 0, encodeSmallRow(row).length);
    const see = seen(database, ofA, ofB);
    const select = (text: string): string[] => {
      const plan = planStatement(text, database.strangers);
      if (plan.kind !== 'select') throw new Error('not a SELECT');
      const found: string[] = [];
      executeSelect(plan, database, sender, {
        row: (bytes, start, end) => found.push(bytesToHex(bytes.subarray(start, end))) > 0,
      });
      return found;
    };

    expect(select('SELECT * FROM a').toSorted()).toEqual(see('a').map(hex).toSorted());
    expect(select('SELECT * FROM b WHERE id < 3').toSorted()).toEqual(
      see('b')
        .filter(([id]) => id < 3)
        .map(hex)
        .toSorted(),
    );
    expect(select(`SELECT * FROM a LIMIT ${limit}`)).toHaveLength(Math.min(limit, see('a').length));
    expect(select('SELECT COUNT(*) AS n FROM a')).toEqual([
      `0${see('a').length.toString(16)}`.slice(-2).padEnd(16, '0'),
    ]);
    expect(select('SELECT a.id AS x, b.id AS y FROM a JOIN b ON a.link = b.link').toSorted()).toEqual(
      see('a')
        .flatMap(([id, link]) => see('b').flatMap((b) => (b[1] === link ? [bytesToHex(Uint8Array.of(id, b[0]))] : [])))
        .toSorted(),
    );
    // The owner is above the rules.
    const owned: string[] = [];
    visitRows(planQuery('SELECT * FROM a', database), database, sender, {
      row: (bytes, start, end) => owned.push(bytesToHex(bytes.subarray(start, end))) > 0,
    });
    expect(owned).toHaveLength(database.rows(0).length);
  },
);

const row = fc.tuple(fc.nat(2), smallRow).map(([tableId, values]) => ({ tableId, bytes: encodeSmallRow(values) }));
const QUERIES = [
  'SELECT * FROM a',
  "SELECT * FROM a WHERE tag <> 'x'",
  'SELECT * FROM b',
  'SELECT a.* FROM a JOIN b ON a.link = b.id',
  'SELECT b.* FROM a JOIN b ON a.id = b.link WHERE a.tag <> b.tag',
];

describe.each(
  [
    RULES_OF_A.slice(0, 3),
    RULES_OF_A.slice(4, 6),
    [RULES_OF_A[6]!, RULES_OF_A[1]!],
    [RULES_OF_A[7]!],
    [RULES_OF_A[8]!, RULES_OF_A[0]!],
  ].flatMap((ofA) =>
    [[], RULES_OF_B.slice(0, 1), RULES_OF_B].map((ofB) => ({
      ofA,
      ofB,
      rules: [...ofA, ...ofB].map(({ sql }) => sql),
    })),
  ),
)('under $rules', ({ ofA, ofB }) => {
  describeFollowing(
    'what somebody sees',
    { tables: shapes(ofA, ofB), row, query: fc.constantFrom(...QUERIES), steps: 10, numRuns: 40 },
    (database, sql) => follow(database, sql, database.strangers, sender),
  );
});

describe('a rule', () => {
  const column = (name: string): { name: string; type: typeof types.u8 } => ({ name, type: types.u8 });
  const base = { columns: [column('id'), { name: 'owner', type: types.identity }], indexes: [[0], [1]] };

  test('that reads in a circle is refused', () => {
    const database = new MemoryDatabase([
      { ...base, name: 'x', rules: ['SELECT x.* FROM x JOIN y ON x.id = y.id'] },
      { ...base, name: 'y', rules: ['SELECT y.* FROM y JOIN x ON x.id = y.id'] },
    ]);
    for (const [table, id] of [
      ['x', 0],
      ['y', 1],
    ] as const) {
      expect(() => planQuery(`SELECT * FROM ${table}`, database.strangers)).toThrow(
        expect.objectContaining({
          code: 'QUERY_CYCLIC_RULES',
          message: `Discovered cyclic dependency when resolving RLS rules for table id \`${id}\``,
        }),
      );
    }
  });

  test('that combines with others to too many branches is refused', () => {
    const rules = Array.from({ length: 9 }, (_, i) => `SELECT * FROM x WHERE id = ${i}`);
    const database = new MemoryDatabase([{ ...base, name: 'x', rules }]);
    expect(planQuery('SELECT * FROM x', database.strangers).kind).toBe('table');
    expect(() => planQuery('SELECT a.* FROM x a JOIN x b ON a.id = b.id', database.strangers)).toThrow(
      expect.objectContaining({ code: 'QUERY_TOO_DEEP' }),
    );
  });

  test('about the caller is looked up by its index, and its plan is the caller’s own', () => {
    const rules = ['SELECT * FROM x WHERE owner = :sender', 'SELECT * FROM x WHERE id = 7'];
    const database = new MemoryDatabase([{ ...base, name: 'x', rules }]);
    const rowOf = (id: number, owner: number): Uint8Array => Uint8Array.of(id, ...new Uint8Array(32).fill(owner));
    for (const bytes of [rowOf(1, 9), rowOf(7, 9), rowOf(7, 1), rowOf(2, 1)]) database.insert(0, bytes, 0, 33);
    const plan = planSubscription('SELECT * FROM x', database.strangers);
    expect(plan).toMatchObject({ usesSender: true, isRestricted: true });
    const ids: number[] = [];
    const { seeks } = database;
    visitRows(plan, database, sender, { row: (bytes, start) => ids.push(bytes[start]!) > 0 });
    expect(ids).toEqual([1, 7, 7]);
    expect(database.seeks).toBe(seeks + 2);
  });

  test.each([
    ['SELECT x.* FROM x JOIN admin ON x.id = admin.id', 'no index on admin.id'],
    ['SELECT x.* FROM x JOIN admin WHERE admin.level = 1', 'no index on admin.level'],
  ])('%s, which no index serves, can be run but not followed: %s', (rule) => {
    const database = new MemoryDatabase([
      { ...base, name: 'x', rules: [rule] },
      { name: 'admin', columns: [column('id'), column('level')] },
    ]);
    expect(planQuery('SELECT * FROM x', database.strangers).kind).toBe('join');
    expect(() => planSubscription('SELECT * FROM x', database.strangers)).toThrow(
      'Subscriptions require indexes on join columns',
    );
  });
});
