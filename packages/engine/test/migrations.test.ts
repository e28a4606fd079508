import { type AlgebraicType, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { KEYED, btree, sequence, unique } from '../../schema/test/raw-modules.ts';
import { type AnyModuleParts, anyModule } from './support/any-module.ts';
import { LoggedDatabase, schemaOf } from './support/logged-database.ts';
import { AUTO_KEYED, type Columns, PERSON, index, people, tables, u8 } from './support/tables.ts';

const ann = { id: 1n, name: 'Ann' };
const bob = { id: 2n, name: 'Bob' };
const colour = (...variants: (readonly [string, AlgebraicType])[]): Columns => [['id', types.u64], ['colour', types.sum(variants)]]; // prettier-ignore
const RED = colour(['red', types.u8]);
const RED_BLUE = colour(['red', types.u8], ['blue', types.unit]);

interface Change {
  readonly change: string;
  readonly before: AnyModuleParts;
  readonly after: AnyModuleParts;
  /** Rows of table `person` before and after, and one that is inserted then, with what it becomes. */
  readonly columns?: { before: Columns; after: Columns };
  readonly rows?: readonly object[];
  readonly becomes?: readonly object[];
  readonly insert?: object;
  readonly inserted?: object | undefined;
  /** The same where a restart came before: sequences go on at the end of the block they were in. */
  readonly insertedAfterRestart?: object;
}

const CHANGES: readonly Change[] = [
  {
    change: 'a table is added',
    before: people(),
    after: tables([{ name: 'person' }, PERSON], [{ name: 'pet', ...AUTO_KEYED, tableAccess: 'Private' }, PERSON]),
  },
  {
    change: 'an empty table is removed',
    before: tables([{ name: 'person' }, PERSON], [{ name: 'pet', ...AUTO_KEYED }, PERSON]),
    after: people(),
  },
  { change: 'a B-tree index is added', before: people(), after: people({ indexes: [btree(1)] }) },
  { change: 'a hash index is added', before: people(), after: people({ indexes: [index('h', 'Hash', 1, 0)] }) },
  { change: 'an index is removed', before: people({ indexes: [btree(1)] }), after: people() },
  {
    change: 'an index gets another algorithm under its name',
    before: people({ indexes: [btree(1)] }),
    after: { ...people({ indexes: [index('h', 'Hash', 1)] }), explicitNames: [{ kind: 'Index', sourceName: 'h', canonicalName: 'person_name_idx_btree' }] }, // prettier-ignore
  },
  {
    change: 'a unique constraint is added with its index',
    before: people(),
    after: people({ indexes: [btree(1)], constraints: [unique(1)] }),
  },
  {
    change: 'a unique constraint is added to an index that is there',
    before: people({ indexes: [btree(1)] }),
    after: people({ indexes: [btree(1)], constraints: [unique(1)] }),
  },
  {
    change: 'a unique constraint over two columns, in another order than its index',
    before: people(),
    after: people({ indexes: [index('both', 'BTree', 1, 0)], constraints: [unique(0, 1)] }),
  },
  {
    change: 'a unique constraint is removed, its index stays',
    before: people({ indexes: [btree(1)], constraints: [unique(1)] }),
    after: people({ indexes: [btree(1)] }),
    insert: { id: 3n, name: 'Ann' },
  },
  {
    change: 'a unique constraint is removed with its index',
    before: people({ indexes: [btree(1)], constraints: [unique(1)] }),
    after: people(),
    insert: { id: 3n, name: 'Ann' },
  },
  {
    change: 'the unique constraint of a direct index is removed, the index stays',
    before: people({ indexes: [{ name: 'd', accessorName: undefined, algorithm: { tag: 'Direct', column: 0 } }], constraints: [unique(0)] }), // prettier-ignore
    after: people({ indexes: [{ name: 'd', accessorName: undefined, algorithm: { tag: 'Direct', column: 0 } }] }),
    insert: { id: 1n, name: 'Another one' },
  },
  { change: 'a primary key is added', before: people({ ...KEYED, primaryKey: [] }), after: people(KEYED) },
  { change: 'a primary key is removed', before: people(KEYED), after: people({ ...KEYED, primaryKey: [] }) },
  {
    change: 'a sequence is added beside its range',
    before: people(KEYED),
    after: people({ ...KEYED, sequences: [sequence({ start: 100n, minValue: 100n })] }),
    insert: { id: 0n, name: 'new' },
    inserted: { id: 100n, name: 'new' },
  },
  {
    change: 'a sequence is removed',
    before: people(AUTO_KEYED),
    after: people(KEYED),
    insert: { id: 0n, name: 'zero' },
    inserted: { id: 0n, name: 'zero' },
  },
  { change: 'a table becomes private', before: people(), after: people({ tableAccess: 'Private' }) },
  { change: 'a table becomes public', before: people({ tableAccess: 'Private' }), after: people() },
  {
    change: 'an enum gets another variant',
    before: people(AUTO_KEYED, RED),
    after: people(AUTO_KEYED, RED_BLUE),
    columns: { before: RED, after: RED_BLUE },
    rows: [{ id: 0n, colour: { tag: 'red', value: 7 } }],
    becomes: [{ id: 1n, colour: { tag: 'red', value: 7 } }],
    insert: { id: 0n, colour: { tag: 'blue', value: {} } },
    inserted: { id: 2n, colour: { tag: 'blue', value: {} } },
    insertedAfterRestart: { id: 4097n, colour: { tag: 'blue', value: {} } },
  },
  {
    change: 'columns with defaults are added',
    before: people(AUTO_KEYED),
    after: people({ ...AUTO_KEYED, defaultValues: [{ column: 2, value: u8(18) }, { column: 3, value: Uint8Array.of(2, 0, 0, 0, 104, 105, 99) }] }, [...PERSON, ['age', types.u8], ['hi', types.string]]), // prettier-ignore
    columns: { before: PERSON, after: [...PERSON, ['age', types.u8], ['hi', types.string]] },
    rows: [{ id: 0n, name: 'Ann' }, { id: 5000n, name: 'Far' }], // prettier-ignore
    becomes: [{ id: 1n, name: 'Ann', age: 18, hi: 'hi' }, { id: 5000n, name: 'Far', age: 18, hi: 'hi' }], // prettier-ignore
    insert: { id: 0n, name: 'Bob', age: 3, hi: '' },
    inserted: { id: 2n, name: 'Bob', age: 3, hi: '' },
    insertedAfterRestart: { id: 4097n, name: 'Bob', age: 3, hi: '' },
  },
  {
    change: 'a column is added to a table without rows, unique at once',
    before: people(KEYED),
    after: people({ ...KEYED, indexes: [...KEYED.indexes!, btree(2)], constraints: [unique(0), unique(2)], defaultValues: [{ column: 2, value: u8(1) }] }, [...PERSON, ['age', types.u8]]), // prettier-ignore
    columns: { before: PERSON, after: [...PERSON, ['age', types.u8]] },
    rows: [],
    becomes: [],
    insert: { ...ann, age: 4 },
  },
  {
    change: 'a column is added while an enum grows and an index goes',
    before: people({ indexes: [btree(0)] }, RED),
    after: people({ defaultValues: [{ column: 2, value: u8(1) }] }, [...RED_BLUE, ['age', types.u8]]),
    columns: { before: RED, after: [...RED_BLUE, ['age', types.u8]] },
    rows: [{ id: 1n, colour: { tag: 'red', value: 7 } }],
    becomes: [{ id: 1n, colour: { tag: 'red', value: 7 }, age: 1 }],
    insert: { id: 2n, colour: { tag: 'blue', value: {} }, age: 2 },
  },
  {
    change: 'an event table gets other columns',
    before: people({ ...AUTO_KEYED, isEvent: true }),
    after: people({ indexes: [btree(0)], isEvent: true }, [['colour', types.string], ['id', types.u8]]), // prettier-ignore
    columns: { before: PERSON, after: [['colour', types.string], ['id', types.u8]] }, // prettier-ignore
    rows: [ann, bob],
    becomes: [],
    insert: { colour: 'red', id: 1 },
    inserted: undefined,
  },
  {
    change: 'names in the source change, two tables exchange theirs',
    before: { ...tables([{ name: 'personA', indexes: [index('ia', 'BTree', 0)] }, PERSON], [{ name: 'petA' }, PERSON]), explicitNames: [{ kind: 'Table', sourceName: 'personA', canonicalName: 'person' }, { kind: 'Table', sourceName: 'petA', canonicalName: 'pet' }, { kind: 'Index', sourceName: 'ia', canonicalName: 'i' }] }, // prettier-ignore
    after: { ...tables([{ name: 'petA', indexes: [index('ib', 'BTree', 0)] }, PERSON], [{ name: 'personA' }, PERSON]), explicitNames: [{ kind: 'Table', sourceName: 'petA', canonicalName: 'person' }, { kind: 'Table', sourceName: 'personA', canonicalName: 'pet' }, { kind: 'Index', sourceName: 'ib', canonicalName: 'i' }] }, // prettier-ignore
  },
  {
    change: 'everything about a table but its columns at once',
    before: people({ indexes: [btree(0), index('h', 'Hash', 1)], constraints: [unique(0)], primaryKey: [0] }),
    after: people({ indexes: [btree(1)], constraints: [unique(1)], sequences: [sequence({ minValue: 50n, start: 50n })], tableAccess: 'Private' }), // prettier-ignore
    insert: { id: 0n, name: 'new' },
    inserted: { id: 50n, name: 'new' },
  },
];

describe.each([false, true])('a migrated database, restarted before it is used: %s', (isRestartedFirst) => {
  test.each(CHANGES)('is what a fresh one would be, keeps its rows, and replays: $change', async (change) => {
    const columns = change.columns ?? { before: PERSON, after: PERSON };
    const rows = change.rows ?? [ann, bob];
    const expected = [...(change.becomes ?? rows)];
    const { insert = { id: 3n, name: 'Eve' }, insertedAfterRestart } = change;
    const told = 'inserted' in change ? change.inserted : insert;
    const inserted = (isRestartedFirst ? insertedAfterRestart : undefined) ?? told;

    await using database = await LoggedDatabase.create(anyModule(change.before));
    await database.insert('person', columns.before, ...rows);
    await database.publish(anyModule(change.after));
    expect(texts(await database.rows('person'))).toEqual(texts(expected));
    {
      await using fresh = await LoggedDatabase.create(anyModule(change.after));
      expect(await schemaOf(database)).toEqual(await schemaOf(fresh));
    }
    if (isRestartedFirst) {
      const migrated = await database.dump();
      await database.restart();
      expect(await database.dump()).toEqual(migrated);
    }
    await database.insert('person', columns.after, insert);
    if (inserted !== undefined) expected.push(inserted);
    expect(texts(await database.rows('person'))).toEqual(texts(expected));
    const changed = await database.dump();
    await database.restart();
    expect(await database.dump()).toEqual(changed);
    if (change.before.tables!.some((table) => table.isEvent)) return;
    await database.delete('person', columns.after, ...(await database.rows('person')));
    expect(await database.rows('person')).toEqual([]);
    await database.restart();
    expect(await database.rows('person')).toEqual([]);
  });
});

function texts(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row, bigintText)).toSorted();
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
