// What the official crate can say about tables, used at the command line and with the official client.
import { procedures, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PublishedModule } from '../src/published-module.ts';
import { newPerson } from '../src/http.ts';

const difficulty = t.enum('Difficulty', { easy: t.unit(), veryHard: t.unit() });

const bindings = {
  ...schema({
    signal: table(
      { name: 'signal', public: true, event: true },
      { id: t.u64().primaryKey(), name: t.string(), strength: t.u32(), sender: t.identity() },
    ),
    secretSignal: table({ name: 'secret_signal', event: true }, { text: t.string() }),
    bestScores: table(
      { name: 'best_scores', public: true },
      {
        rowId: t.u64().primaryKey(),
        playerName: t.string(),
        totalPoints: t.u32(),
        bestLevel2d: difficulty,
      },
    ),
    inbox: table({ name: 'inbox', public: true }, { id: t.u32().primaryKey(), text: t.string() }),
    book: table({ name: 'book', public: true }, { id: t.u32().primaryKey(), title: t.string(), copies: t.u16() }),
  }).schemaType,
  ...reducers(
    reducerSchema('send_signal', { name: t.string(), strength: t.u32() }),
    reducerSchema('send_signal_and_fail', { name: t.string() }),
    reducerSchema('play_with_signals', {}),
    reducerSchema('record_score', { playerName: t.string(), totalPoints: t.u32() }),
  ).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

let tables: PublishedModule;

beforeAll(async () => {
  tables = await PublishedModule.start('tables');
});

afterAll(() => tables?.[Symbol.asyncDispose]());

/** What a reducer found out. */
async function answerOf(reducer: string, ...args: unknown[]): Promise<string> {
  await tables.run(reducer, ...args);
  const [row] = await tables.rows(`SELECT text FROM answer WHERE question = '${reducer}'`);
  return String(row?.[0]);
}

describe('auto-increment', () => {
  test('counts from 1 in every integer type up to 256 bits', async () => {
    for (const count of [1, 2, 3]) {
      expect(await answerOf('count', { none: [] })).toBe(Array.from({ length: 12 }, () => count).join(' '));
    }
  });

  test('a column that is given a value keeps it, and its counter stands still', async () => {
    expect(await answerOf('count', { small: [] })).toBe('77 77 77 77 77 77 77 77 4 4 4 4');
    expect(await answerOf('count', { wide: [] })).toBe('4 4 4 4 4 4 4 4 77 77 77 77');
    expect(await answerOf('count', { none: [] })).toBe('5 5 5 5 5 5 5 5 5 5 5 5');
  });

  test('a signed byte has 127 values, and the module learns that there are no more', async () => {
    expect(await answerOf('use_up_short_counter')).toMatch(/^127: .*overflow/i);
    expect(await tables.rows('SELECT COUNT(*) AS n FROM short_counter')).toEqual([[127]]);
  });
});

describe('indexes', () => {
  /** Each of these panics if an index finds anything else than a scan. */
  async function checkAll(): Promise<void> {
    for (const check of ['check_trees', 'check_prefixes', 'check_hashes']) {
      await expect(tables.run(check), check).resolves.toBeUndefined();
    }
  }

  test.each([
    { count: 0, seed: 1 },
    { count: 1, seed: 2 },
    { count: 40, seed: 3 },
    { count: 90, seed: 4 },
  ])('of every kind over every type find what scans find among $count rows', async ({ count, seed }) => {
    await tables.run('fill_indexes', count, seed);
    await checkAll();
    await expect(tables.run('check_uniques')).resolves.toBeUndefined();
  });

  test('delete what scans would delete', async () => {
    await tables.run('fill_indexes', 60, 5);
    await expect(tables.run('check_deletes', 0, 'aa')).resolves.toBeUndefined();
    await checkAll();
  });

  test('are used by SQL too, whatever their type', async () => {
    await tables.run('fill_indexes', 60, 6);
    const all = await tables.rows('SELECT id, an_u_64, a_string FROM tree');
    const ids = (found: unknown[][]): unknown[] => found.map(([id]) => id).toSorted((a, b) => Number(a) - Number(b));
    for (const text of ['', 'a', 'Ä', '🚀']) {
      const found = await tables.rows(`SELECT id FROM tree WHERE a_string = '${text}'`);
      expect(ids(found)).toEqual(ids(all.filter((row) => row[2] === text)));
    }
    const identities = new Set((await tables.rows('SELECT an_identity FROM table_of_hashes')).flat(2).map(String));
    expect(identities.size).toBeGreaterThan(3);
    for (const identity of identities) {
      // In answers a number has no leading zeros; the literal of an identity needs them.
      const literal = `0x${identity.slice(2).padStart(64, '0')}`;
      const found = await tables.rows(`SELECT an_identity FROM table_of_hashes WHERE an_identity = ${literal}`);
      expect(new Set(found.flat(2))).toEqual(new Set([identity]));
    }
  });
});

describe('event tables', () => {
  test('reach subscribers once and are never stored', async () => {
    const listener = await tables.connect(bindings);
    const sender = await tables.connect(bindings);
    await listener.subscribe('SELECT * FROM signal');
    await sender.reducers.sendSignal({ name: 'smoke', strength: 3 });
    await sender.reducers.sendSignal({ name: 'smoke', strength: 4 });
    await listener.until('two signals', () => listener.changes.length >= 2);
    expect(listener.takeChanges('signal').map(({ kind, row }) => [kind, row['name'], row['strength']])).toEqual([
      ['insert', 'smoke', 3],
      ['insert', 'smoke', 4],
    ]);
    expect(listener.db.signal.count()).toBe(0n);
    expect(await tables.rows('SELECT * FROM signal')).toEqual([]);
  });

  test('are tables like others inside of their transaction, and only what is left of it goes out', async () => {
    const listener = await tables.connect(bindings);
    await listener.subscribe('SELECT * FROM signal WHERE strength > 4');
    expect(await answerOf('play_with_signals')).toBe('0 3 9 2 2');
    await expect(listener.reducers.sendSignalAndFail({ name: 'false' })).rejects.toThrow('false alarm');
    await listener.reducers.sendSignal({ name: 'last', strength: 100 });
    await listener.until('the last signal', () => listener.changes.some(({ row }) => row['name'] === 'last'));
    expect(listener.takeChanges('signal').map(({ row }) => row['name'])).toEqual(['strong', 'last']);
  });

  test('that are private reach the owner only', async () => {
    const stranger = await tables.connect(bindings);
    await expect(stranger.subscribe('SELECT * FROM secret_signal')).rejects.toThrow(/secret_signal/);
    const owner = await tables.connect(bindings, tables.owner.token);
    await owner.subscribe('SELECT * FROM secret_signal');
    await tables.run('send_secret_signal', 'for the owner');
    await owner.until('the signal', () => owner.changes.length > 0);
    expect(owner.takeChanges('secretSignal').map(({ row }) => row)).toEqual([{ text: 'for the owner' }]);
  });
});

describe('names', () => {
  test('explicit ones are used as they are, others are put into snake case', async () => {
    await tables.run('record_score', 'Ann', 99);
    await tables.run('record_score', 'Bob', 101);
    const scores = await tables.rows('SELECT player_name, total_points, best_level_2_d FROM best_scores');
    expect(scores.toSorted((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      ['Ann', 99, [0, []]],
      ['Bob', 101, [1, []]],
    ]);
    const index = `SELECT index_name FROM st_index WHERE index_name = 'scores_in_order'`;
    expect(await tables.rows(index)).toEqual([['scores_in_order']]);
    expect(await answerOf('count_high_scores_from', 100)).toBe('1');
  });

  test('the official client sees the same', async () => {
    const player = await tables.connect(bindings);
    await player.subscribe('SELECT * FROM best_scores');
    await player.reducers.recordScore({ playerName: 'Cleo', totalPoints: 500 });
    const row = await player.until('Cleo', () => [...player.db.bestScores.iter()].find((r) => r.playerName === 'Cleo'));
    expect(row).toMatchObject({ totalPoints: 500, bestLevel2d: { tag: 'veryHard' } });
  });

  test('the command line describes them', async () => {
    const described = await tables.cli.succeed('describe', 'tables', '--json');
    for (const name of ['"HighScores"', '"best_scores"', '"addHighScore"', '"record_score"', '"Difficulty"']) {
      expect(described).toContain(name);
    }
  });
});

describe('access', () => {
  test('two tables of one row type are separate, and the private one stays so', async () => {
    const stranger = await newPerson(tables.server);
    const reader = await tables.connect(bindings, stranger.token);
    await reader.subscribe('SELECT * FROM inbox');
    await tables.cli.succeed('call', 'tables', 'write_letter', '1', '"Dear Ann"');
    await expect(reader.subscribe('SELECT * FROM outbox')).rejects.toThrow(/outbox/);
    const printed = await tables.cli.succeed('sql', 'tables', 'SELECT * FROM outbox');
    expect(printed).toContain('Dear Ann');
    await tables.run('deliver_letters');
    await reader.until('the letter', () => reader.db.inbox.count() === 1n);
    expect(await tables.rows('SELECT * FROM outbox')).toEqual([]);
  });
});

describe('changes', () => {
  test('each answers as the crate promises', async () => {
    expect((await answerOf('try_all_changes')).split('\n')).toEqual([
      'an insert answers with the row and its new id: true',
      'the same row again is no error and no second row: true 1',
      'a second title is refused: true 1',
      'an update by primary key: 7 1',
      'an update of another unique column: Z false',
      'insert or update, here an insert: 3 2',
      'insert or update, here an update: true 2',
      'deleting a row that is not there: false',
      'deleting a row: true',
      'deleting by key: true false',
      'equal rows are one: 2',
      'clearing tells how many there were: 2 0',
    ]);
    expect(await tables.fail('update_missing_book')).toBe('The instance encountered a fatal error.');
  });

  test('a cleared table is empty for its transaction, for subscribers, and after a restart', async () => {
    await tables.run('add_books', 1000);
    const reader = await tables.connect(bindings);
    await reader.subscribe('SELECT * FROM book');
    expect(reader.db.book.count()).toBe(1000n);
    reader.takeChanges('book');

    expect(await answerOf('clear_and_refill_books')).toBe('1000 (0, 0) 1000');
    expect(await tables.fail('clear_books_and_fail')).toBe('the books stay');
    expect(await answerOf('clear_books')).toBe('1000');
    await reader.until('an empty table', () => reader.db.book.count() === 0n);
    // Rows that came back unchanged, and those of the failed call, were no change.
    expect(reader.takeChanges('book').map(({ kind }) => kind)).toEqual(Array.from({ length: 1000 }, () => 'delete'));

    await tables.server.kill();
    await tables.server.restart();
    expect(await tables.rows('SELECT COUNT(*) AS n FROM book')).toEqual([[0]]);
    await tables.run('add_books', 2);
    expect(await tables.rows('SELECT COUNT(*) AS n FROM book')).toEqual([[2]]);
  });
});

test('boxed, shared and nested values come back as they were put', async () => {
  await tables.run('put_sample_document', 1);
  const [row] = await tables.rows('SELECT * FROM document');
  expect(row).toEqual([
    1,
    'boxed',
    [7, 8],
    ['shared'],
    '010203',
    [],
    [[], [-1], [2, 3]],
    [
      0,
      [
        [1, []],
        [0, true],
      ],
    ],
    [1, [0, -5]],
    [
      4,
      [
        'n',
        [0, [`0x${tables.owner.identity}`]],
        [
          [1, []],
          [0, [0, 7]],
          [0, [1, 'no']],
        ],
      ],
    ],
    [
      [0, 1.5],
      [1, 'x'],
      [2, [[2, [1, []]]]],
      [3, []],
    ],
  ]);
});
