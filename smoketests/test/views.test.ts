// Views of a module of the official crate over private tables: at the command line, in subscriptions of several people,
// and re-evaluated when what they read changes.
import { procedures, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson, rows, sql } from '../src/http.ts';
import type { ModuleClient } from '../src/module-client.ts';
import { PublishedModule } from '../src/published-module.ts';

const playerRow = {
  id: t.u64().primaryKey(),
  identity: t.identity(),
  name: t.string(),
  level: t.u32(),
  teamId: t.u32(),
  isOnline: t.bool(),
};
const teamRow = { id: t.u32(), name: t.string(), isOpen: t.bool() };
const scoreRow = { id: t.u64(), playerId: t.u64(), game: t.string(), points: t.i32() };
const nameRow = { name: t.string() };

const bindings = {
  ...schema({
    playerCount: table({ name: 'player_count', public: true }, { players: t.u64(), teams: t.u64() }),
    allNames: table({ name: 'all_names', public: true }, nameRow),
    beginners: table({ name: 'beginners', public: true }, playerRow),
    highScores: table({ name: 'high_scores', public: true }, { ...scoreRow, id: t.u64().primaryKey() }),
    redTeam: table({ name: 'red_team', public: true }, nameRow),
    teamsWithPlayers: table({ name: 'teams_with_players', public: true }, nameRow),
    strongestPlayer: table({ name: 'strongest_player', public: true }, playerRow),
    fragile: table({ name: 'fragile', public: true }, nameRow),
    myPlayer: table({ name: 'my_player', public: true }, playerRow),
    myScores: table({ name: 'my_scores', public: true }, { ...scoreRow, id: t.u64().primaryKey() }),
    myTeamMates: table({ name: 'my_team_mates', public: true }, nameRow),
    veterans: table({ name: 'veterans', public: true }, playerRow),
    teamsByPlayers: table({ name: 'teams_by_players', public: true }, teamRow),
    scoresOfVeterans: table({ name: 'scores_of_veterans', public: true }, scoreRow),
    oddScores: table({ name: 'odd_scores', public: true }, scoreRow),
    notRed: table({ name: 'not_red', public: true }, teamRow),
    teamsOrOpenTeams: table({ name: 'teams_or_open_teams', public: true }, teamRow),
  }).schemaType,
  ...reducers(
    reducerSchema('join', { name: t.string(), level: t.u32(), teamId: t.u32() }),
    reducerSchema('join_and_fail', { name: t.string() }),
    reducerSchema('leave', {}),
    reducerSchema('add_score', { game: t.string(), points: t.i32() }),
    reducerSchema('clear_scores', { game: t.string() }),
    reducerSchema('put_team', { id: t.u32(), name: t.string(), isOpen: t.bool() }),
  ).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

let views: PublishedModule;
let ann: ModuleClient<typeof bindings>;
let bob: ModuleClient<typeof bindings>;

beforeAll(async () => {
  views = await PublishedModule.start('views');
  [ann, bob] = await Promise.all([views.connect(bindings), views.connect(bindings)]);
  await views.run('put_team', 1, 'red', true);
  await views.run('put_team', 2, 'blue', false);
  await ann.reducers.join({ name: 'Ann', level: 5, teamId: 1 });
  await bob.reducers.join({ name: 'Bob', level: 60, teamId: 1 });
});

afterAll(() => views?.[Symbol.asyncDispose]());

function names(found: Iterable<{ readonly name: string }>): string[] {
  return [...found].map(({ name }) => name).toSorted();
}

/** What a query shows, for whoever has the token: one column, sorted. */
async function column(query: string, token?: string): Promise<string[]> {
  return (await views.rows(query, token)).map(([value]) => String(value)).toSorted();
}

describe('in SQL', () => {
  test('a view is queried like a table, at the command line too', async () => {
    expect(await column('SELECT name FROM all_names')).toEqual(['Ann', 'Bob']);
    expect(await column("SELECT name FROM all_names WHERE name = 'Bob'")).toEqual(['Bob']);
    expect(await views.rows('SELECT * FROM player_count')).toEqual([[2, 2]]);
    expect(await views.rows('SELECT COUNT(*) AS n FROM all_names')).toEqual([[2]]);
    expect(await views.cli.succeed('sql', 'views', 'SELECT * FROM red_team')).toContain('"Ann"');
  });

  test('each caller sees their own', async () => {
    expect(await column('SELECT name FROM my_player', ann.token)).toEqual(['Ann']);
    expect(await column('SELECT name FROM my_player', bob.token)).toEqual(['Bob']);
    expect(await column('SELECT name FROM my_team_mates', ann.token)).toEqual(['Bob']);
    expect(await column('SELECT name FROM my_player')).toEqual([]);
    expect(await column('SELECT name FROM my_player_by_query', bob.token)).toEqual(['Bob']);
    const stranger = await newPerson(views.server);
    expect(await rows(views.server, 'views', 'SELECT * FROM me', stranger.token)).toEqual([
      [[`0x${stranger.identity.replace(/^0+/, '')}`]],
    ]);
  });

  test('the tables behind stay private', async () => {
    const response = await sql(views.server, 'views', 'SELECT * FROM player', ann.token);
    expect(response.status).toBe(400);
    await expect(ann.subscribe('SELECT * FROM player')).rejects.toThrow(/player/);
  });

  test('a view joins with another, and is no place to write', async () => {
    const joined = `SELECT all_names.name FROM all_names JOIN red_team ON all_names.name = red_team.name`;
    expect(await column(joined)).toEqual(['Ann', 'Bob']);
    expect(
      (await sql(views.server, 'views', "DELETE FROM all_names WHERE name = 'Ann'", views.owner.token)).status,
    ).toBe(400);
    expect(await column('SELECT name FROM all_names')).toEqual(['Ann', 'Bob']);
  });

  test('none is empty, an explicit name is the one to use', async () => {
    expect(await views.rows('SELECT * FROM nobody')).toEqual([]);
    expect(await column('SELECT name FROM strongest_player')).toEqual(['Bob']);
    expect(await column('SELECT name FROM teams_with_players')).toEqual(['red']);
  });

  test('the system tables list them', async () => {
    const known = await column('SELECT view_name FROM st_view');
    expect(known).toEqual(expect.arrayContaining(['all_names', 'my_player', 'strongest_player', 'veterans']));
  });
});

describe('in subscriptions', () => {
  test('changes of what a view reads arrive in the transaction that makes them', async () => {
    await ann.subscribe('SELECT * FROM all_names', 'SELECT * FROM player_count', 'SELECT * FROM beginners');
    expect(names(ann.db.allNames.iter())).toEqual(['Ann', 'Bob']);
    expect([...ann.db.playerCount.iter()]).toEqual([{ players: 2n, teams: 2n }]);
    using cleo = await views.connect(bindings);
    await cleo.reducers.join({ name: 'Cleo', level: 9, teamId: 2 });
    await ann.until('Cleo', () => names(ann.db.allNames.iter()).includes('Cleo'));
    expect([...ann.db.playerCount.iter()]).toEqual([{ players: 3n, teams: 2n }]);
    expect(names(ann.db.beginners.iter())).toEqual(['Ann', 'Cleo']);
    await cleo.reducers.join({ name: 'Cleo', level: 10, teamId: 2 });
    await ann.until('Cleo is no beginner', () => names(ann.db.beginners.iter()).length === 1);
    expect(names(ann.db.allNames.iter())).toEqual(['Ann', 'Bob', 'Cleo']);
    await cleo.reducers.leave({});
    await ann.until('Cleo gone', () => ann.db.allNames.count() === 2n);
  });

  test('changes of nothing that a view reads, and those that leave its rows as they are, bring nothing', async () => {
    await ann.subscribe('SELECT * FROM red_team', 'SELECT * FROM teams_with_players');
    ann.changes.length = 0;
    await bob.reducers.join({ name: 'Bob', level: 61, teamId: 1 });
    await views.run('put_team', 2, 'green', false);
    await views.run('put_team', 3, 'yellow', true);
    await ann.until('the count of teams', () => [...ann.db.playerCount.iter()][0]?.teams === 3n);
    expect(new Set(ann.changes.map((change) => change.table))).toEqual(new Set(['playerCount']));
  });

  test('a transaction that fails changes no view', async () => {
    ann.changes.length = 0;
    await expect(bob.reducers.joinAndFail({ name: 'Bobby' })).rejects.toThrow('changed my mind');
    await views.run('put_team', 4, 'violet', true);
    await ann.until('the count of teams', () => [...ann.db.playerCount.iter()][0]?.teams === 4n);
    expect(names(ann.db.allNames.iter())).toEqual(['Ann', 'Bob']);
    expect(new Set(ann.changes.map((change) => change.table))).toEqual(new Set(['playerCount']));
  });

  test('a view for each caller follows what its second read found in the first', async () => {
    await Promise.all(
      [ann, bob].map((each) => each.subscribe('SELECT * FROM my_scores', 'SELECT * FROM my_team_mates')),
    );
    expect(names(ann.db.myTeamMates.iter())).toEqual(['Bob']);
    await ann.reducers.addScore({ game: 'chess', points: 50 });
    await bob.reducers.addScore({ game: 'chess', points: 150 });
    await ann.until('her score', () => ann.db.myScores.count() === 1n);
    await bob.until('his score', () => bob.db.myScores.count() === 1n);
    expect([...ann.db.myScores.iter()].map(({ points }) => points)).toEqual([50]);
    expect([...bob.db.myScores.iter()].map(({ points }) => points)).toEqual([150]);

    await bob.reducers.join({ name: 'Bob', level: 61, teamId: 2 });
    await ann.until('no mates', () => ann.db.myTeamMates.count() === 0n);
    await bob.reducers.join({ name: 'Bob', level: 61, teamId: 1 });
    await ann.until('mates again', () => ann.db.myTeamMates.count() === 1n);
  });

  test('rows of a view with a primary key change as updates', async () => {
    await bob.subscribe('SELECT * FROM high_scores', 'SELECT * FROM strongest_player');
    expect([...bob.db.highScores.iter()].map(({ points }) => points)).toEqual([150]);
    bob.takeChanges('strongestPlayer');
    await bob.reducers.join({ name: 'Bob the Great', level: 61, teamId: 1 });
    await bob.until('his new name', () => [...bob.db.strongestPlayer.iter()][0]?.name === 'Bob the Great');
    // The bindings say that the id is the key of a player, so delete and insert are one update.
    expect(bob.takeChanges('strongestPlayer').map(({ kind }) => kind)).toEqual(['update']);
    await bob.reducers.join({ name: 'Bob', level: 61, teamId: 1 });
  });

  test('many subscribers of one anonymous view see the same', async () => {
    const crowd = await Promise.all(Array.from({ length: 10 }, () => views.connect(bindings)));
    await Promise.all(crowd.map((each) => each.subscribe('SELECT * FROM all_names')));
    await ann.reducers.join({ name: 'Anna', level: 5, teamId: 1 });
    for (const each of crowd) {
      await each.until('Anna', () => names(each.db.allNames.iter()).includes('Anna'));
      expect(names(each.db.allNames.iter())).toEqual(['Anna', 'Bob']);
      each[Symbol.dispose]();
    }
    await ann.reducers.join({ name: 'Ann', level: 5, teamId: 1 });
  });

  test('after an end of the subscription nothing more comes', async () => {
    using dora = await views.connect(bindings);
    const names = await dora.subscribe('SELECT * FROM all_names');
    await dora.subscribe('SELECT * FROM player_count');
    await new Promise<void>((resolve) => names.unsubscribeThen(() => resolve()));
    dora.changes.length = 0;
    await dora.reducers.join({ name: 'Dora', level: 1, teamId: 3 });
    await dora.until('the count', () => [...dora.db.playerCount.iter()][0]?.players === 3n);
    expect(dora.changes.every((change) => change.table === 'playerCount')).toBe(true);
    await dora.reducers.leave({});
  });
});

describe('that return queries', () => {
  test('show what the query would', async () => {
    expect(await column('SELECT name FROM veterans')).toEqual(['Bob']);
    expect(await column('SELECT name FROM all_teams')).toEqual(['green', 'red', 'violet', 'yellow']);
    expect(await column('SELECT points FROM scores_of_veterans')).toEqual(['150']);
    expect(await column('SELECT name FROM teams_by_players')).toEqual(['red']);
  });

  test('compare, combine and quote as the query builder says', async () => {
    for (const points of [-6, -5, -4, 0, 3, 4, 5, 6]) await ann.reducers.addScore({ game: "it's odd", points });
    await ann.reducers.addScore({ game: 'very odd', points: 2 });
    const points = await views.rows('SELECT points FROM odd_scores');
    expect(points.flat().toSorted((a, b) => Number(a) - Number(b))).toEqual([-4, 2, 3, 5]);
  });

  test('follow the tables of both sides of a join', async () => {
    await ann.subscribe('SELECT * FROM veterans', 'SELECT * FROM scores_of_veterans', 'SELECT * FROM odd_scores');
    expect([...ann.db.scoresOfVeterans.iter()].map(({ points }) => points)).toEqual([150]);
    await ann.reducers.join({ name: 'Ann', level: 50, teamId: 1 });
    await ann.until('her scores', () => ann.db.scoresOfVeterans.count() > 1n);
    expect(names(ann.db.veterans.iter())).toEqual(['Ann', 'Bob']);
    const points = [...ann.db.scoresOfVeterans.iter()].map((score) => score.points);
    expect(points.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 50, 150]);
    await ann.reducers.clearScores({ game: "it's odd" });
    await ann.until('fewer scores', () => ann.db.scoresOfVeterans.count() === 3n);
    expect([...ann.db.oddScores.iter()].map((score) => score.points)).toEqual([2]);
    await ann.reducers.join({ name: 'Ann', level: 5, teamId: 1 });
    await ann.until('his scores only', () => ann.db.scoresOfVeterans.count() === 1n);
  });

  test('may be chosen by the caller', async () => {
    const stranger = await newPerson(views.server);
    const query = 'SELECT name FROM teams_or_open_teams';
    expect(await column(query, stranger.token)).toEqual(['red', 'violet', 'yellow']);
    expect(await column(query, ann.token)).toEqual(['green', 'red', 'violet', 'yellow']);
    using visitor = await views.connect(bindings, stranger.token);
    await visitor.subscribe('SELECT * FROM teams_or_open_teams');
    expect(visitor.db.teamsOrOpenTeams.count()).toBe(3n);
    await visitor.reducers.join({ name: 'Visitor', level: 1, teamId: 3 });
    await visitor.until('all teams', () => visitor.db.teamsOrOpenTeams.count() === 4n);
    await visitor.reducers.leave({});
    await visitor.until('open teams', () => visitor.db.teamsOrOpenTeams.count() === 3n);
  });
});

describe('that fail', () => {
  test('take the transaction with them while somebody looks, and nobody else', async () => {
    using onlooker = await views.connect(bindings);
    await onlooker.subscribe('SELECT * FROM fragile');
    await expect(bob.reducers.join({ name: 'panic', level: 61, teamId: 1 })).rejects.toThrow(/./);
    expect(await column('SELECT name FROM all_names')).toEqual(['Ann', 'Bob']);
    expect((await views.logs()).some(({ message }) => message.includes('somebody is called panic'))).toBe(true);
    await bob.reducers.join({ name: 'Robert', level: 61, teamId: 1 });
    await onlooker.until('Robert', () => names(onlooker.db.fragile.iter()).includes('Robert'));
  });
});

describe('whose query the database cannot run', () => {
  test('are an error for those who look, and nothing to the others', async () => {
    const refused = await sql(views.server, 'views', 'SELECT * FROM not_red', views.owner.token);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toMatch(/not_red|NOT/);
    await expect(bob.subscribe('SELECT * FROM not_red')).rejects.toThrow(/not_red|NOT/);
    await views.run('put_team', 5, 'brown', false);
    expect(await column("SELECT name FROM all_teams WHERE name = 'brown'")).toEqual(['brown']);
  });
});

describe('in the module', () => {
  test('a reducer calls them as functions', async () => {
    expect((await call(views.server, 'views', 'look_at_views', [], ann.token)).status).toBe(200);
    expect((await views.logs()).some(({ message }) => message === '2 players, you are Ann')).toBe(true);
  });
});

test('after a restart views show what they showed', async () => {
  await views.server.kill();
  await views.server.restart();
  expect(await column('SELECT name FROM all_names')).toEqual(['Ann', 'Robert']);
  expect(await column('SELECT name FROM my_player', ann.token)).toEqual(['Ann']);
  using again = await views.connect(bindings, ann.token);
  await again.subscribe('SELECT * FROM my_player');
  await again.reducers.join({ name: 'Ann again', level: 5, teamId: 1 });
  await again.until('the new name', () => names(again.db.myPlayer.iter())[0] === 'Ann again');
});
