import { types } from '@lightcone/sats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unique } from '../../schema/test/raw-modules.ts';
import { type AnyModuleParts, anyModule, rowBytes } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { type Columns, tables } from './support/tables.ts';

const COLUMNS: Columns = [['userId', types.u32], ['player1', types.string]]; // prettier-ignore

function players(parts: AnyModuleParts = {}, name = 'MyPlayers', sourceName = 'MyPlayers_by_id'): AnyModuleParts {
  const indexes = [{ name: sourceName, accessorName: 'by_id', algorithm: { tag: 'BTree' as const, columns: [0] } }];
  return { ...tables([{ name, indexes, constraints: [unique(0)] }, COLUMNS]), ...parts };
}

interface Case {
  readonly what: string;
  readonly parts: AnyModuleParts;
  readonly table: string;
  readonly columns: readonly [string, string];
  readonly index: string;
}

const CASES: readonly Case[] = [
  { what: 'as written', parts: { caseConversionPolicy: 'None' }, table: 'MyPlayers', columns: ['userId', 'player1'], index: 'MyPlayers_userId_idx_btree' }, // prettier-ignore
  { what: 'in snake case', parts: { caseConversionPolicy: 'SnakeCase' }, table: 'my_players', columns: ['user_id', 'player_1'], index: 'my_players_user_id_idx_btree' }, // prettier-ignore
  {
    what: 'as told',
    parts: {
      caseConversionPolicy: 'SnakeCase',
      explicitNames: [
        { kind: 'Table', sourceName: 'MyPlayers', canonicalName: 'Told' },
        { kind: 'Index', sourceName: 'MyPlayers_by_id', canonicalName: 'ToldIndex' },
      ],
    },
    table: 'Told',
    columns: ['user_id', 'player_1'],
    index: 'ToldIndex',
  },
];

describe.each(CASES)('names $what', ({ parts, table, columns: [id, player], index }) => {
  let database: LoggedDatabase;
  beforeAll(async () => {
    database = await LoggedDatabase.create(anyModule({ ...players(), ...parts }));
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test('the module finds table and index by the names of both, and by no other', async () => {
    const session = await database.connect('owner');
    for (const [i, name] of [table, 'MyPlayers'].entries()) {
      await session.call('insert_row', name, rowBytes(COLUMNS, { userId: i, player1: 'x' }));
      for (const indexName of [index, 'MyPlayers_by_id']) {
        await session.call('update_row', name, rowBytes(COLUMNS, { userId: i, player1: indexName }), indexName);
      }
    }
    const row = rowBytes(COLUMNS, { userId: 1, player1: 'y' });
    await expect(session.call('insert_row', 'myplayers', row)).rejects.toThrow('errno 04');
    await expect(session.call('update_row', table, row, 'by_id')).rejects.toThrow('errno 05');
    session.disconnect();
  });

  test('SQL and subscriptions find table and columns by the names of both', async () => {
    const rows = await database.rows(table);
    expect(rows.length).toBeGreaterThan(0);
    expect(Object.keys(rows[0]!)).toEqual([id, player]);
    expect(await database.rows('MyPlayers')).toEqual(rows);
    for (const column of [id, 'userId']) {
      expect(await database.embedded.sql(`SELECT * FROM "${table}" WHERE "${column}" = 0`)).toEqual(rows.slice(0, 1));
    }
    const session = await database.connect('somebody');
    for (const name of [table, 'MyPlayers']) {
      const subscription = await session.subscribe(`SELECT * FROM "${name}" WHERE "userId" = 0`);
      expect(subscription.rows(table)).toEqual(rows.slice(0, 1));
    }
    session.disconnect();
  });

  test('the same after a restart', async () => {
    await database.restart();
    expect(await database.rows('MyPlayers')).toEqual(await database.rows(table));
    const session = await database.connect('owner');
    const row = rowBytes(COLUMNS, { userId: 0, player1: 'restarted' });
    await session.call('update_row', 'MyPlayers', row, 'MyPlayers_by_id');
    session.disconnect();
  });
});

test('after an update that changes names in the source, the new ones are found and the old ones are not', async () => {
  const told = (table: string, index: string): AnyModuleParts =>
    players(
      {
        explicitNames: [
          { kind: 'Table', sourceName: table, canonicalName: 'told' },
          { kind: 'Index', sourceName: index, canonicalName: 'told_index' },
        ],
      },
      table,
      index,
    );
  await using database = await LoggedDatabase.create(anyModule(told('Before', 'Before_by_id')));
  const session = await database.connect('owner');
  const row = rowBytes(COLUMNS, { userId: 1, player1: 'x' });
  await session.call('insert_row', 'Before', row);
  await database.publish(anyModule(told('After', 'After_by_id')), { mayBreakClients: false });
  await session.call('update_row', 'After', row, 'After_by_id');
  await session.call('update_row', 'told', row, 'told_index');
  await expect(session.call('insert_row', 'Before', row)).rejects.toThrow('errno 04');
  await expect(session.call('update_row', 'After', row, 'Before_by_id')).rejects.toThrow('errno 05');
  expect(await database.rows('After')).toEqual([{ userId: 1, player1: 'x' }]);
  await expect(database.rows('Before')).rejects.toThrow('no such table: `Before`');
});

test('a query whose name means another table after an update ends, and one that means the same goes on', async () => {
  const told = (first: string, second: string): Uint8Array => {
    const names = [[first, 'one'], [second, 'two']] as const; // prettier-ignore
    const explicitNames = names.map(([sourceName, canonicalName]) => ({ kind: 'Table' as const, sourceName, canonicalName })); // prettier-ignore
    return anyModule({ ...tables(...names.map(([name]) => [{ name }, COLUMNS] as const)), explicitNames });
  };
  await using database = await LoggedDatabase.create(told('Seen', 'Other'));
  const session = await database.connect('somebody');
  const moved = await session.subscribe('SELECT * FROM "Seen"');
  const kept = await session.subscribe('SELECT * FROM one');
  await database.publish(told('Other', 'Seen'), { mayBreakClients: false });
  await database.insert('two', COLUMNS, { userId: 2, player1: 'x' });
  await database.insert('one', COLUMNS, { userId: 1, player1: 'x' });
  await session.query('SELECT * FROM one');
  expect(() => moved.rows('one')).toThrow(
    expect.objectContaining({ code: 'ENGINE_QUERY_FAILED', message: expect.stringMatching(/mean other tables/u) }),
  );
  expect(kept.rows('one')).toEqual([{ userId: 1, player1: 'x' }]);
});

test('a query that means a view after an update ends, and the update is made', async () => {
  const things = (sourceName: string, views: AnyModuleParts['views'] = []): Uint8Array =>
    anyModule(players({ explicitNames: [{ kind: 'Table', sourceName, canonicalName: 'things' }], views }, sourceName));
  const returnType = types.array(types.ref(0));
  const view = { name: 'seen', index: 0, isPublic: true, isAnonymous: true, params: types.product([]), returnType };
  const before = things('seen');
  const after = things('other', [view]);
  await using database = await LoggedDatabase.create(before);
  const session = await database.connect('somebody');
  await session.subscribe('SELECT * FROM seen');
  await session.subscribe('SELECT * FROM things');
  expect(database.database.metrics().querySets).toBe(2);
  await database.publish(after, { mayBreakClients: false });
  expect(database.database.metrics().querySets).toBe(1);
  const again = await session.subscribe('SELECT * FROM seen');
  await database.insert('things', COLUMNS, { userId: 1, player1: 'x' });
  expect(again.rows('seen')).toEqual([]);
  expect(await session.query('SELECT * FROM things')).toHaveLength(1);
});
