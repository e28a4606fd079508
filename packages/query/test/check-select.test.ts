import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { MemoryDatabase } from './memory-database.ts';
import { parseStatement } from '../src/sql/parse.ts';
import { type CheckedSelect, checkSelect } from '../src/check/check-select.ts';

const catalog = new MemoryDatabase([
  {
    name: 'person',
    accessorName: 'Person',
    columns: [
      { name: 'id', type: types.u32 },
      { name: 'full_name', accessorName: 'fullName', type: types.string },
      { name: 'owner', type: types.identity },
      { name: 'photo', type: types.bytes },
      { name: 'is_admin', type: types.bool },
      { name: 'nick', type: types.option(types.string) },
      { name: 'tags', type: types.array(types.string) },
      { name: 'age', type: types.timeDuration },
    ],
  },
  {
    name: 'message',
    columns: [
      { name: 'id', type: types.u64 },
      { name: 'author', type: types.u32 },
    ],
  },
]);

function check(text: string): CheckedSelect {
  const statement = parseStatement(text);
  if (statement.kind !== 'select') throw new Error('not a SELECT');
  return checkSelect(catalog, statement);
}

test.each([
  'id = 1',
  '1 = id',
  'fullName = full_name',
  'person.id = id',
  'is_admin',
  'is_admin AND true',
  'is_admin = (id = 1)',
  '(id = 1) = (id = 2) = true',
  'true = true',
  'owner = :sender',
  ':sender = owner',
  'photo <> :sender',
  ':sender = :sender',
  `'${'0'.repeat(64)}' = :sender`,
])('WHERE %s', (condition) => {
  expect(check(`SELECT * FROM person WHERE ${condition}`).where?.type).toEqual(types.bool);
});

test.each([
  ['1 = 1', 'Cannot resolve type for literal expression'],
  ["'a' < 'b'", 'Cannot resolve type for literal expression'],
  ['id', 'Unexpected type: (expected) U32 != Bool (inferred)'],
  ['id AND true', 'Unexpected type: (expected) U32 != Bool (inferred)'],
  ['is_admin OR 1', 'The literal expression `1` cannot be parsed as type `Bool`'],
  ['id = true', 'Unexpected type: (expected) Bool != U32 (inferred)'],
  ['id = (id = 1)', 'Unexpected type: (expected) Bool != U32 (inferred)'],
  ['id = full_name', 'Unexpected type: (expected) String != U32 (inferred)'],
  ['id = :sender', 'Unexpected type: (expected) (__identity__: U256) != U32 (inferred)'],
  [':sender', 'Unexpected type: (expected) (__identity__: U256) != Bool (inferred)'],
  [':sender = 1', 'Cannot resolve type for literal expression'],
  ['nick < nick', 'Invalid binary operator `<` for type `(some: String | none: ())`'],
  ['tags = tags', 'Invalid binary operator `=` for type `Array<String>`'],
  ['age >= age', 'Invalid binary operator `>=` for type `(__time_duration_micros__: I64)`'],
  ['ID = 1', '`ID` is not in scope'],
  ['Person.id = 1', '`Person` is not in scope'],
  ['a.b.id = 1', '`a.b` is not in scope'],
])('WHERE %s is refused', (condition, message) => {
  expect(() => check(`SELECT * FROM person WHERE ${condition}`)).toThrow(
    expect.objectContaining({ name: 'QueryError', message }),
  );
});

test.each([
  ['SELECT * FROM people', 'no such table: `people`. If the table exists, it may be marked private.'],
  ['SELECT person.* FROM Person', '`person` is not in scope'],
  ['SELECT person.id FROM person p', '`person` is not in scope'],
  ['SELECT id, full_name AS id FROM person', 'Duplicate name `id`'],
  ['SELECT a.* FROM person a JOIN message a', 'Duplicate name `a`'],
  ['SELECT p.* FROM person p JOIN message m ON p.id = m.id', 'Unexpected type: (expected) U64 != U32 (inferred)'],
  ['SELECT p.* FROM person p JOIN person q ON p.id = m.id JOIN message m', '`m` is not in scope'],
])('%s is refused', (text, message) => {
  expect(() => check(text)).toThrow(expect.objectContaining({ name: 'QueryError', message }));
});

test('columns of a join know their table', () => {
  const { tables, joinConditions, output } = check(
    'SELECT m.id, p.fullName AS name FROM person p JOIN message m ON m.author = p.id',
  );
  expect(tables.map(({ name }) => name)).toEqual(['person', 'message']);
  expect(joinConditions).toMatchObject([
    { operator: '=', left: { table: 1, column: 1 }, right: { table: 0, column: 0 } },
  ]);
  expect(output).toMatchObject({
    columns: [
      { name: 'id', table: 1, column: 0 },
      { name: 'name', table: 0, column: 1 },
    ],
  });
});

test('an output column has the name it was called by', () => {
  expect(check('SELECT fullName FROM Person').output).toMatchObject({ columns: [{ name: 'fullName', column: 1 }] });
});

test('comparisons of comparisons may be as deep as any chain', () => {
  const chain = (length: number): string => `SELECT * FROM person WHERE is_admin${' = true'.repeat(length)}`;
  expect(check(chain(1600)).where?.kind).toBe('comparison');
  expect(() => check(chain(1601))).toThrow(expect.objectContaining({ code: 'QUERY_TOO_DEEP' }));
});
