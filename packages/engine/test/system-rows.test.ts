import { readFileSync } from 'node:fs';
import { types } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { btree, rawReducer, sequence, unique } from '../../schema/test/raw-modules.ts';
import { anyModule } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { type Columns, tables } from './support/tables.ts';

/** Rows that SpacetimeDB 2.8.3 wrote for a module with these tables, two schedules and a view. */
const recorded = (
  JSON.parse(readFileSync(new URL('../vectors/system-tables.json', import.meta.url), 'utf8')) as {
    example_user_rows: Record<string, readonly (readonly unknown[])[]>;
  }
).example_user_rows;

const keyed = { primaryKey: [0], constraints: [unique(0)], indexes: [btree(0)] };
const PLAYER: Columns = [['identity', types.identity], ['player_id', types.u64], ['name', types.string]]; // prettier-ignore
const SCHEDULED: Columns = [['scheduled_id', types.u64], ['scheduled_at', types.scheduleAt], ['prev_time', types.timestamp]]; // prettier-ignore
const player = {
  primaryKey: [0],
  constraints: [unique(0), unique(1), unique(2)],
  indexes: [btree(0), btree(1), btree(2)],
  sequences: [sequence({ column: 1 })],
};
const scheduled = { ...keyed, sequences: [sequence()] };

const SINGLE: Columns = [['field', types.u32]]; // prettier-ignore
const PRIVATE = { tableAccess: 'Private' as const };
const parts = tables(
  [{ name: 'person', ...keyed, indexes: [btree(0), btree(2)], sequences: [sequence()] }, [['id', types.u32], ['name', types.string], ['age', types.u8]]], // prettier-ignore
  [{ name: 'has_special_stuff', ...PRIVATE }, [['identity', types.identity], ['connection_id', types.connectionId]]], // prettier-ignore
  [{ name: 'player', ...player }, PLAYER],
  [{ name: 'logged_out_player', ...player }, PLAYER],
  [{ name: 'nonrepeating_test_arg', ...scheduled, ...PRIVATE }, SCHEDULED],
  [{ name: 'repeating_test_arg', ...scheduled, ...PRIVATE }, SCHEDULED],
  [{ name: 'pk_multi_identity', primaryKey: [0], constraints: [unique(0), unique(1)], indexes: [btree(0), btree(1)], sequences: [sequence({ column: 1 })], ...PRIVATE }, [['id', types.u32], ['other', types.u32]]], // prettier-ignore
  [{ name: 'points', indexes: [btree(0, 1)], ...PRIVATE }, [['x', types.i64], ['y', types.i64]]], // prettier-ignore
  [{ name: 'private_table', ...PRIVATE }, SINGLE],
  [{ name: 'table_to_remove', ...PRIVATE }, SINGLE],
  [{ name: 'test_a', indexes: [btree(0)], ...PRIVATE }, [['x', types.u32]]], // prettier-ignore
  [{ name: 'test_d' }, SINGLE],
  [{ name: 'test_e', ...keyed, indexes: [btree(0), btree(1)], sequences: [sequence()], ...PRIVATE }, [['id', types.u64], ['name', types.string]]], // prettier-ignore
  [{ name: 'test_f' }, SINGLE],
);
// Names of indexes have to differ, for the module's sake.
const named = parts.tables!.map((table) => ({
  ...table,
  indexes: table.indexes.map((index) => ({ ...index, name: `${table.name}_${index.name}` })),
}));

let database: LoggedDatabase;
beforeAll(async () => {
  const refOf = (name: string): number => named.find((table) => table.name === name)!.productTypeRef;
  database = await LoggedDatabase.create(
    anyModule({
      ...parts,
      tables: named,
      reducers: [
        rawReducer('nonrepeating_test', [['arg', types.ref(refOf('nonrepeating_test_arg'))]]),
        rawReducer('repeating_test', [['arg', types.ref(refOf('repeating_test_arg'))]]),
      ],
      schedules: [
        { name: undefined, tableName: 'nonrepeating_test_arg', atColumn: 1, functionName: 'nonrepeating_test' },
        { name: undefined, tableName: 'repeating_test_arg', atColumn: 1, functionName: 'repeating_test' },
      ],
      views: [
        {
          name: 'my_player',
          index: 0,
          isPublic: true,
          isAnonymous: false,
          params: types.unit,
          returnType: types.option(types.ref(refOf('player'))),
        },
      ],
    }),
  );
});
afterAll(() => database[Symbol.asyncDispose]());

/** As the recording has values: sums as `[tag, payload]`, bytes in hexadecimal. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value > 2n ** 53n ? String(value) : Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { tag, value: payload } = value as { tag?: string; value?: unknown };
  if (tag !== undefined) return [['some', 'none'].includes(tag) ? ['some', 'none'].indexOf(tag) : ['Unused', tag].indexOf(tag), plain(payload)]; // prettier-ignore
  return Object.values(value).map(plain);
}

async function userRows(table: string): Promise<unknown[][]> {
  const rows = (await database.rows(table)).map((row) => Object.values(row).map(plain));
  // The first column is the id of the object, or of its table.
  return rows.filter(([id]) => (id as number) >= 4096);
}

// Which values are left out: the ids of constraints within a table are in no order, and the recorded
// sequences have been used.
test.each([
  { table: 'st_table', without: [] },
  { table: 'st_index', without: [] },
  { table: 'st_constraint', without: [0] },
  { table: 'st_sequence', without: [8] },
  { table: 'st_scheduled', without: [] },
  { table: 'st_view', without: [] },
  { table: 'st_view_column', without: [] },
])('the rows of a module in $table are those of the reference', async ({ table, without }) => {
  const kept = (rows: readonly (readonly unknown[])[]): string[] =>
    rows.map((row) => JSON.stringify(row.filter((_, i) => !without.includes(i as never)))).toSorted();
  expect(kept(await userRows(table))).toEqual(kept(recorded[table]!));
});

test('every table, column and index has a name in the source, the hidden ones of views aside', async () => {
  const names = async (table: string, ...columns: string[]): Promise<string[]> =>
    (await database.rows(table)).map((row) => columns.map((column) => row[column] as string).join('.')).toSorted();
  const userTables = (await database.rows('st_table')).filter((row) => row['table_type'] === 'user');
  const ids = new Map(userTables.map((row) => [row['table_id'], row['table_name'] as string]));
  expect(await names('st_table_accessor', 'table_name')).toEqual([...ids.values()].toSorted());
  const columns = (await database.rows('st_column'))
    .filter((row) => ids.has(row['table_id']) && row['col_name'] !== 'arg_hash')
    .map((row) => `${ids.get(row['table_id'])}.${row['col_name'] as string}`);
  expect(await names('st_column_accessor', 'table_name', 'col_name')).toEqual(columns.toSorted());
  const indexes = (await database.rows('st_index'))
    .filter((row) => ids.has(row['table_id']) && row['index_name'] !== 'my_player_arg_hash_idx_btree')
    .map((row) => row['index_name'] as string);
  expect(await names('st_index_accessor', 'index_name')).toEqual(indexes.toSorted());
});

test('the module is in one row, with its hash', async () => {
  const [row, ...others] = await database.rows('st_module');
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    database_identity: database.database.identity.toBigInt(),
    owner_identity: database.database.owner.toBigInt(),
    program_kind: 0,
    module_version: '',
  });
});

test('the owner reads every system table', async () => {
  for (const { table_name: name } of await database.rows('st_table')) {
    await expect(database.rows(name as string)).resolves.toBeDefined();
  }
});

test.each(['insert_row', 'delete_row', 'update_row', 'clear_table'])(
  'a module cannot change a system table: %s',
  async (reducer) => {
    const before = await database.dump();
    const session = await database.connect('owner');
    const row = new Uint8Array([77, 0, 0, 0]);
    const args = ['st_event_table', row, ...(reducer === 'update_row' ? ['st_event_table_table_id_idx_btree'] : [])];
    await expect(session.call(reducer, ...args)).rejects.toThrow('errno 04');
    session.disconnect();
    expect(await database.dump()).toEqual(before);
  },
);
