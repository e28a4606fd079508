import { readFileSync } from 'node:fs';
import { type AlgebraicValue, bytesToHex, types } from '@lightcone/sats';
import type { ViewDef } from '@lightcone/schema';
import { Store } from '@lightcone/store';
import { expect, test } from 'vitest';
import { recover } from '../recovery.ts';
import { describeTables } from '../describe-tables.ts';
import { readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from '../system-tables.ts';
import { createView, dropView } from './view-objects.ts';

const recorded = (
  JSON.parse(readFileSync(new URL('../../vectors/system-tables.json', import.meta.url), 'utf8')) as {
    example_user_rows: Record<'st_table' | 'st_index' | 'st_view' | 'st_view_column', unknown[][]>;
  }
).example_user_rows;

const row = types.product([
  ['identity', types.identity],
  ['player_id', types.u64],
  ['name', types.string],
]);

const myPlayer: ViewDef = {
  name: 'my_player',
  accessorName: 'MyPlayer',
  index: 0,
  isAnonymous: false,
  isPublic: true,
  params: { tag: 'Product', elements: [{ name: 'limit', type: types.u32 }] },
  returnType: types.option(types.ref(0)),
  isQuery: false,
  rowTypeRef: 0,
  columns: row.elements.map(({ name, type }) => ({ name: name!, accessorName: `the ${name}`, type })),
  primaryKey: undefined,
  isPrimaryKeyDeclared: false,
};

async function newStore(): Promise<Store> {
  const store = new Store();
  await recover(store, undefined);
  return store;
}

/** The rows of system tables that bootstrap did not make. */
function userRows(store: Store): Record<string, unknown[][]> {
  const isOfUser = (value: AlgebraicValue | undefined): boolean => typeof value === 'string' || Number(value) >= 4096;
  return Object.fromEntries(
    Object.entries(ID).map(([table, id]) => [
      table,
      readRows(store, id)
        .map((values) => Object.values(values))
        .filter(([first]) => isOfUser(first)),
    ]),
  );
}

/** Values as the recording writes them: sums by position, bytes as hex. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { tag, value: inner } = value as { tag: string; value: unknown };
  const position = { some: 0, none: 1, BTree: 1 }[tag];
  return [position, tag === 'none' ? [] : plain(inner)];
}

test('a view is described in the system tables as recorded, but for the ids', async () => {
  const store = await newStore();
  const transaction = store.begin();
  createView(store, transaction, myPlayer, [row]);
  transaction.commit();

  const rows = userRows(store);
  const withIds = (table: unknown[][], ...columns: number[]): unknown[] =>
    table.map((values) =>
      values.map((value, column) => {
        if (!columns.includes(column)) return plain(value);
        return Array.isArray(value) || typeof value === 'object' ? [0, 4096] : 4096;
      }),
    );
  const isOfView = (values: unknown[]): boolean => values.some((value) => String(value).startsWith('my_player'));
  expect(withIds(rows['table']!)).toEqual(withIds(recorded.st_table.filter(isOfView), 0));
  expect(withIds(rows['view']!)).toEqual(withIds(recorded.st_view, 0, 2));
  expect(withIds(rows['viewColumn']!)).toEqual(withIds(recorded.st_view_column, 0));
  expect(withIds(rows['index']!)).toEqual(withIds(recorded.st_index.filter(isOfView), 0, 1));
  expect(rows['column']!.map(([, position, name]) => [position, name])).toEqual([
    [0, 'arg_hash'],
    [1, 'identity'],
    [2, 'player_id'],
    [3, 'name'],
  ]);
  expect(rows['tableAccessor']).toEqual([['my_player', 'MyPlayer']]);
  expect(rows['columnAccessor']).toEqual([
    ['my_player', 'identity', 'the identity'],
    ['my_player', 'player_id', 'the player_id'],
    ['my_player', 'name', 'the name'],
  ]);
  expect(rows['viewParam']!.map(plain)).toEqual([[4096, 0, 'limit', '0b']]);
  // The hidden column and its index have no names in the module's source; nothing is unique or counted.
  expect([rows['indexAccessor'], rows['constraint'], rows['sequence']]).toEqual([[], [], []]);
});

test('the table of a view is ephemeral and knows its view', async () => {
  const store = await newStore();
  const transaction = store.begin();
  createView(store, transaction, myPlayer, [row]);
  transaction.commit();
  const description = describeTables(store).get(4096);
  expect(description).toMatchObject({ view: { id: 4096, isAnonymous: false }, definition: { isEphemeral: true } });
  expect(store.table(4096).definition.row.columns.map(({ name }) => name)).toEqual([
    'arg_hash',
    'identity',
    'player_id',
    'name',
  ]);
});

test('dropping a view leaves nothing of it', async () => {
  const store = await newStore();
  const before = userRows(store);
  const transaction = store.begin();
  createView(store, transaction, myPlayer, [row]);
  createView(store, transaction, { ...myPlayer, name: 'other', accessorName: 'other' }, [row]);
  dropView(store, transaction, 'my_player');
  dropView(store, transaction, 'other');
  transaction.commit();
  expect(userRows(store)).toEqual(before);
  expect([...store.tables.keys()].every((id) => id < 4096)).toBe(true);
});
