import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommitLog } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { ConnectionId } from '@lightcone/sats';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../src/embedded/open-embedded.ts';
import type { Row } from '../src/embedded/row.ts';
import type { Session } from '../src/embedded/session.ts';
import { FakeClock, type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';

const program = await readFile(new URL('../../../modules/views/views.wasm', import.meta.url));
const FATAL = 'The instance encountered a fatal error.';

let db: TestDatabase;
let alice: Session;
let bob: Session;
beforeEach(async () => {
  db = await openTestDatabase(program);
  alice = await db.connect('alice');
  bob = await db.connect('bob');
  await alice.call('put_team', 1, 'red', true);
  await alice.call('put_team', 2, 'blue', false);
  await alice.call('join', 'Alice', 3, 1);
  await bob.call('join', 'Bob', 60, 2);
});
afterEach(() => db.database.close());

const text = (value: unknown): string => String(value);
const names = (rows: readonly Row[]): string[] => rows.map((row) => text(row['name'])).toSorted();

/** How often a view has run. */
const runs = (view: string): number => db.database.database.metrics().views.get(view)!.succeeded;
const liveViews = (): number => db.database.database.metrics().liveViews;

describe('rows', () => {
  test('a subscriber gets the rows of a view and every change of them', async () => {
    const view = await alice.subscribe('SELECT * FROM all_names');
    expect(names(view.rows('all_names'))).toEqual(['Alice', 'Bob']);
    await bob.call('leave');
    expect(names(view.rows('all_names'))).toEqual(['Alice']);
    await bob.call('join', 'Robert', 3, 1);
    expect(names(view.rows('all_names'))).toEqual(['Alice', 'Robert']);
  });

  test('only what differs is sent', async () => {
    const view = await alice.subscribe('SELECT * FROM beginners');
    const changes: unknown[] = [];
    view.onChange((change) => changes.push(...change));
    await bob.call('put_player', { __identity__: testIdentity('carol').toBigInt() }, 'Carol', 1, 1);
    expect(changes).toMatchObject([{ table: 'beginners', inserts: [{ name: 'Carol' }], deletes: [] }]);
  });

  test('a view per caller shows each his own, in subscriptions, queries and SQL', async () => {
    const own = await alice.subscribe('SELECT * FROM my_player');
    expect(names(own.rows('my_player'))).toEqual(['Alice']);
    expect(names(await bob.query('SELECT * FROM my_player'))).toEqual(['Bob']);
    expect(names(await db.database.sql('SELECT * FROM my_player'))).toEqual([]); // the owner plays no part
    await bob.call('join', 'Robert', 61, 1);
    expect(names(own.rows('my_player'))).toEqual(['Alice']);
    expect(names(await bob.query('SELECT * FROM my_player'))).toEqual(['Robert']);
  });

  test('a view may be filtered like a table, and knows nothing of its hidden column', async () => {
    expect(names(await alice.query("SELECT * FROM all_names WHERE name = 'Bob'"))).toEqual(['Bob']);
    await expect(alice.query('SELECT * FROM all_names WHERE arg_hash = 0x00')).rejects.toThrow(
      '`arg_hash` is not in scope',
    );
    expect(await db.database.sql('SELECT * FROM me')).toEqual([
      { identity: { __identity__: db.database.owner.toBigInt() } },
    ]);
  });

  test('rows that a view returns twice are one row, and a view may return none', async () => {
    await bob.call('join', 'Bob', 60, 1);
    expect(names(await alice.query('SELECT * FROM teams_with_players'))).toEqual(['red']);
    expect(await alice.query('SELECT * FROM nobody')).toEqual([]);
  });

  test('views read private tables, which their clients cannot', async () => {
    await expect(alice.query('SELECT * FROM player')).rejects.toThrow('no such table: `player`');
    expect(await alice.query('SELECT * FROM player_count')).toEqual([{ players: 2n, teams: 2n }]);
  });
});

describe('views that return a query', () => {
  test('the query is evaluated with the owner’s rights, and again when a table of it changes', async () => {
    const view = await alice.subscribe('SELECT * FROM veterans');
    expect(names(view.rows('veterans'))).toEqual(['Bob']);
    await alice.call('join', 'Alice', 70, 1);
    expect(names(view.rows('veterans'))).toEqual(['Alice', 'Bob']);
    expect(names(await bob.query('SELECT * FROM all_teams'))).toEqual(['blue', 'red']);
  });

  test('literals of all kinds, and the caller as one', async () => {
    await alice.call('add_score', "it's odd", 3);
    await alice.call('add_score', "it's odd", 0);
    expect((await bob.query('SELECT * FROM odd_scores')).map((row) => row['points'])).toEqual([3]);
    expect(names(await alice.query('SELECT * FROM my_player_by_query'))).toEqual(['Alice']);
    expect(names(await bob.query('SELECT * FROM my_player_by_query'))).toEqual(['Bob']);
  });

  test('a query that joins tables depends on all of them', async () => {
    const view = await alice.subscribe('SELECT * FROM teams_by_players', 'SELECT * FROM scores_of_veterans');
    expect(names(view.rows('teams_by_players'))).toEqual(['red']); // blue is not open
    await bob.call('add_score', 'chess', 4);
    expect(view.rows('scores_of_veterans')).toMatchObject([{ points: 4 }]);
    await bob.call('join', 'Bob', 3, 1); // no veteran any more, and the second player of the red team
    expect(view.rows('scores_of_veterans')).toEqual([]);
    expect(names(view.rows('teams_by_players'))).toEqual(['red']);
    await alice.call('leave');
    await bob.call('leave');
    expect(view.rows('teams_by_players')).toEqual([]);
  });

  test('which query it is may change with what the view reads', async () => {
    const carol = await db.connect('carol');
    const view = await carol.subscribe('SELECT * FROM teams_or_open_teams');
    expect(names(view.rows('teams_or_open_teams'))).toEqual(['red']);
    await carol.call('join', 'Carol', 1, 1);
    expect(names(view.rows('teams_or_open_teams'))).toEqual(['blue', 'red']);
  });
});

describe('evaluation', () => {
  test('an anonymous view runs once, whoever looks; one per caller once for each', async () => {
    await alice.subscribe('SELECT * FROM all_names');
    await bob.subscribe('SELECT * FROM all_names', "SELECT * FROM all_names WHERE name = 'Bob'");
    await bob.query('SELECT * FROM all_names');
    expect(runs('all_names')).toBe(1);
    await alice.subscribe('SELECT * FROM my_player');
    await bob.subscribe('SELECT * FROM my_player');
    expect(runs('my_player')).toBe(2);
    await alice.call('join', 'Alicia', 3, 1);
    expect(runs('all_names')).toBe(2);
    expect(liveViews()).toBe(3);
  });

  test('a view that read a row by its key runs again when that row changes, and for no other', async () => {
    await alice.subscribe('SELECT * FROM my_player');
    expect(runs('my_player')).toBe(1);
    await bob.call('join', 'Bob', 61, 2);
    await bob.call('leave');
    await alice.call('put_team', 1, 'crimson', true);
    await alice.call('add_score', 'chess', 1);
    expect(runs('my_player')).toBe(1);
    await alice.call('join', 'Alice', 4, 1);
    expect(runs('my_player')).toBe(2);
  });

  test('what a view read last counts, not what it read before', async () => {
    const carol = await db.connect('carol');
    const view = await carol.subscribe('SELECT * FROM my_scores');
    expect(runs('my_scores')).toBe(1);
    await alice.call('add_score', 'chess', 1); // of no concern: Carol is no player
    expect(runs('my_scores')).toBe(1);
    await carol.call('join', 'Carol', 1, 1);
    expect(runs('my_scores')).toBe(2);
    await carol.call('add_score', 'chess', 7);
    expect(runs('my_scores')).toBe(3);
    expect(view.rows('my_scores')).toMatchObject([{ points: 7 }]);
    await alice.call('add_score', 'chess', 2); // another player's key
    expect(runs('my_scores')).toBe(3);
    await carol.call('leave');
    await alice.call('add_score', 'chess', 3);
    expect(runs('my_scores')).toBe(4);
    expect(view.rows('my_scores')).toEqual([]);
  });

  test('a range, a prefix and a count stand for the whole table', async () => {
    for (const view of ['beginners', 'high_scores', 'player_count']) await alice.subscribe(`SELECT * FROM ${view}`);
    await bob.call('join', 'Bob', 61, 2); // outside the range
    expect([runs('beginners'), runs('high_scores'), runs('player_count')]).toEqual([2, 1, 2]);
    await bob.call('add_score', 'go', 1);
    expect([runs('beginners'), runs('high_scores'), runs('player_count')]).toEqual([2, 2, 2]);
  });

  test('a change that comes to nothing runs no view', async () => {
    await alice.subscribe('SELECT * FROM all_names');
    await alice.call('join', 'Alice', 3, 1); // as before
    expect(runs('all_names')).toBe(1);
    await expect(alice.call('join_and_fail', 'Nobody')).rejects.toThrow('changed my mind');
    expect(runs('all_names')).toBe(1);
  });

  test('a view runs again for SQL that changes what it read, within the statement', async () => {
    const view = await alice.subscribe('SELECT * FROM all_names');
    await db.database.sql("UPDATE player SET name = 'Al' WHERE level = 3");
    expect(names(await bob.query('SELECT * FROM all_names'))).toEqual(['Al', 'Bob']);
    expect(names(view.rows('all_names'))).toEqual(['Al', 'Bob']); // Alice's messages came in the same turn
    expect(runs('all_names')).toBe(2);
  });

  test('a reducer may use the functions of views, which run as part of it', async () => {
    await alice.call('look_at_views');
    expect(db.logs.at(-1)?.message).toBe('2 players, you are Alice');
  });
});

describe('failure', () => {
  test('a view that fails takes the reducer with it: nothing has happened, and the next call works', async () => {
    const view = await alice.subscribe(
      'SELECT * FROM fragile',
      'SELECT * FROM all_names',
      'SELECT * FROM player_count',
    );
    const message = `view \`fragile\` failed: ${FATAL}`;
    await expect(bob.call('join', 'panic', 1, 1)).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED', message });
    expect(db.logs.findLast(({ level }) => level === 'Panic')).toMatchObject({ functionName: 'fragile' });
    expect(db.logs.findLast(({ level }) => level === 'Error')?.message).toMatch(/^the view trapped: /);
    expect(names(view.rows('fragile'))).toEqual(['Alice', 'Bob']);
    expect(names(await bob.query('SELECT * FROM all_names'))).toEqual(['Alice', 'Bob']);
    expect(names(await db.database.sql('SELECT * FROM player'))).toEqual(['Alice', 'Bob']);

    await bob.call('join', 'Robert', 1, 1);
    expect(names(view.rows('fragile'))).toEqual(['Alice', 'Robert']);
    expect(names(view.rows('all_names'))).toEqual(['Alice', 'Robert']);
  });

  test('it takes an SQL statement with it, too', async () => {
    await alice.subscribe('SELECT * FROM fragile');
    await expect(db.database.sql("UPDATE player SET name = 'panic' WHERE level = 3")).rejects.toThrow(
      'view `fragile` failed',
    );
    expect(names(await db.database.sql('SELECT * FROM player'))).toEqual(['Alice', 'Bob']);
  });

  test('[file 60] a view that fails when it is first read gives an error, not an empty result', async () => {
    await bob.call('join', 'panic', 1, 1);
    for (const read of [
      () => alice.query('SELECT * FROM fragile'),
      () => alice.subscribe('SELECT * FROM fragile'),
      () => db.database.sql('SELECT * FROM fragile'),
    ]) {
      await expect(read()).rejects.toThrow(`view \`fragile\` failed: ${FATAL}`);
    }
    expect(liveViews()).toBe(0);
    await bob.call('join', 'Bob', 1, 1);
    expect(names(await alice.query('SELECT * FROM fragile'))).toEqual(['Alice', 'Bob']);
  });

  test('a view that uses up its energy is a view that fails', async () => {
    await using poor = await openTestDatabase(program, { limits: { maxMemoryPages: 256, energyPerCall: 400_000 } });
    const carol = await poor.connect('carol');
    await carol.call('put_team', 1, 'red', true);
    const view = await carol.subscribe('SELECT * FROM all_names');
    let players = 0;
    const joining = async (): Promise<void> => {
      for (;;) {
        const identity = { __identity__: BigInt(players) };
        await carol.call('put_player', identity, `player ${players}`, 1, 1);
        players++;
      }
    };
    await expect(joining()).rejects.toThrow('view `all_names` failed: it ran out of energy');
    expect(view.rows('all_names')).toHaveLength(players);
  });
});

describe('life', () => {
  test('an instance that nobody reads stays fresh for ten minutes, then it goes with its rows', async () => {
    const subscription = await alice.subscribe('SELECT * FROM all_names');
    await db.clock.advance(60 * 60_000);
    expect(liveViews()).toBe(1);
    await subscription.unsubscribe();
    await db.clock.advance(9 * 60_000);
    await bob.call('join', 'Robert', 1, 1);
    expect(runs('all_names')).toBe(2);
    expect(names(await alice.query('SELECT * FROM all_names'))).toEqual(['Alice', 'Robert']); // read again
    await db.clock.advance(9 * 60_000);
    expect(liveViews()).toBe(1);
    await db.clock.advance(60_000);
    expect(liveViews()).toBe(0);
    await bob.call('join', 'Bob', 1, 1);
    expect(runs('all_names')).toBe(2);
    const rows = db.database.database.metrics().tables.find(({ name }) => name === 'all_names')?.rows;
    expect(rows).toBe(0);
    expect(db.clock.wakeUpCount).toBe(0);
    expect(names(await alice.query('SELECT * FROM all_names'))).toEqual(['Alice', 'Bob']);
  });

  test('a client that leaves reads no more', async () => {
    await alice.subscribe('SELECT * FROM all_names');
    await bob.subscribe('SELECT * FROM all_names');
    alice.disconnect();
    await db.clock.advance(60 * 60_000);
    expect(liveViews()).toBe(1);
    bob.disconnect();
    await db.clock.advance(60 * 60_000);
    expect(liveViews()).toBe(0);
  });

  test('a backlog goes in batches', async () => {
    for (let i = 0; i < 1500; i++) {
      const identity = testIdentity(`visitor ${i}`);
      const caller = { identity, connectionId: ConnectionId.fromBigInt(BigInt(10_000 + i)), jwtPayload: '{}' };
      expect(db.database.database.sql(caller, 'SELECT * FROM me')).toMatchObject({ kind: 'ok' });
    }
    expect(liveViews()).toBe(1500);
    await db.clock.advance(10 * 60_000);
    expect(liveViews()).toBe(1500 - 1024);
    await db.clock.advance(10_000);
    expect(liveViews()).toBe(0);
  });

  test('rows of views are never in the log, and a restart begins without them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightcone-views-'));
    const open = async (): Promise<Awaited<ReturnType<typeof openEmbedded>>> => {
      const clock = new FakeClock();
      let connections = 0n;
      return openEmbedded({
        program,
        identity: testIdentity('database'),
        owner: testIdentity('owner'),
        log: await CommitLog.open(new NodeFileSystem(), folder),
        clock,
        timers: clock,
        defer: clock.defer,
        newConnectionId: () => ConnectionId.fromBigInt(++connections),
        moduleLog: () => {},
      });
    };
    try {
      {
        await using before = await open();
        const carol = await before.connect(testIdentity('carol'));
        await carol.call('put_team', 1, 'red', true);
        await carol.call('join', 'Carol', 3, 1);
        const offset = before.database.lastTxOffset;
        expect(names((await carol.subscribe('SELECT * FROM all_names')).rows('all_names'))).toEqual(['Carol']);
        expect(before.database.lastTxOffset).toBe(offset);
      }
      await using after = await open();
      expect(after.database.metrics().tables.find(({ name }) => name === 'all_names')?.rows).toBe(0);
      expect(names(await after.sql('SELECT * FROM all_names'))).toEqual(['Carol']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('an update runs every live view anew, and its subscribers stay', async () => {
    const view = await alice.subscribe('SELECT * FROM all_names', 'SELECT * FROM my_player');
    // The same module with a custom section more: another program.
    const update = new Uint8Array([...program, 0, 5, 4, ...new TextEncoder().encode('more')]);
    db.database.database.update(update, false);
    expect([runs('all_names'), runs('my_player')]).toEqual([1, 1]); // counted from when the module was loaded
    await bob.call('join', 'Robert', 1, 1);
    expect([runs('all_names'), runs('my_player')]).toEqual([2, 1]);
    expect(names(view.rows('all_names'))).toEqual(['Alice', 'Robert']);
  });
});

test('every table includes every view, and a view may be joined with another', async () => {
  // One of them the database cannot run.
  await expect(alice.subscribe('SELECT * FROM *')).rejects.toThrow('view `not_red` failed');
  const views = await db.database.sql("SELECT view_name FROM st_view WHERE view_name <> 'not_red'");
  const everything = await alice.subscribe(...views.map((view) => `SELECT * FROM ${text(view['view_name'])}`));
  expect(names(everything.rows('my_player'))).toEqual(['Alice']);
  expect(names(everything.rows('all_teams'))).toEqual(['blue', 'red']);
  expect(liveViews()).toBe(20);
  const mine = 'SELECT b.* FROM my_player a JOIN beginners b ON a.id = b.id';
  expect(names(await alice.query(mine))).toEqual(['Alice']);
  expect(await bob.query(mine)).toEqual([]);
});

test('views are in the system tables, and whoever is no owner sees the public ones like tables', async () => {
  const views = await db.database.sql('SELECT view_name, is_public, is_anonymous FROM st_view');
  expect(views).toContainEqual({ view_name: 'strongest_player', is_public: true, is_anonymous: true });
  expect(views).toContainEqual({ view_name: 'my_player', is_public: true, is_anonymous: false });
  expect(names(await alice.query('SELECT * FROM strongest_player'))).toEqual(['Bob']);
  expect(names(await alice.query('SELECT * FROM strongest'))).toEqual(['Bob']); // as the module calls it
});
