// A module whose case policy leaves names alone.
import { procedures, procedureSchema, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PublishedModule } from '../src/published-module.ts';

const opening = t.enum('OpeningMove', { E4: t.unit(), QueensGambit: t.unit() });
const gameRow = { gameId: t.u64().primaryKey(), whitePlayer: t.string(), blackPlayer2: t.string(), opening };

const bindings = {
  ...schema({
    chessGames: table({ name: 'ChessGames', public: true }, gameRow),
    gamesOfAnn: table({ name: 'gamesOfAnn', public: true }, gameRow),
  }).schemaType,
  ...reducers(reducerSchema('startGame', { whitePlayer: t.string(), blackPlayer2: t.string(), opening })).reducersType,
  ...procedures(procedureSchema('countGames', {}, t.u64())),
  versionInfo: { cliVersion: '2.10.1' },
};

const database = 'names-as-written';
let names: PublishedModule;

beforeAll(async () => {
  names = await PublishedModule.start(database);
});

afterAll(() => names?.[Symbol.asyncDispose]());

test('tables, columns, variants, reducers, views and procedures are called what the source calls them', async () => {
  const client = await names.connect(bindings);
  await client.subscribe('SELECT * FROM ChessGames', 'SELECT * FROM gamesOfAnn');
  await client.reducers.startGame({ whitePlayer: 'Ann', blackPlayer2: 'Bob', opening: { tag: 'QueensGambit' } });
  await names.cli.succeed('call', database, 'startGame', 'Bob', 'Ann', '{"E4": []}');
  await client.until('two games', () => client.db.chessGames.count() === 2n);
  expect([...client.db.gamesOfAnn.iter()].map((game) => game.opening.tag)).toEqual(['QueensGambit']);
  expect(await client.procedures.countGames({})).toBe(2n);
  expect(await names.rows("SELECT blackPlayer2 FROM ChessGames WHERE whitePlayer = 'Bob'")).toEqual([['Ann']]);
  const described = await names.cli.succeed('describe', database, '--json');
  for (const name of ['ChessGames', 'whitePlayer', 'QueensGambit', 'byWhitePlayer', 'startGame', 'gamesOfAnn']) {
    expect(described).toContain(`"${name}"`);
  }
});
