import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { defineSchema, int, json, openDbSync, ref, sql, table, text } from '../src/index.ts';
import type { DatabaseSync, RowDelta, SqlFragment, SqliteDriver } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';
import { dependenciesOf } from '../src/live/dependencies.ts';
import type { Store } from '../src/store/store.ts';
import { openReplica } from './support/replica.ts';
import { temporaryFile } from './support/temporary-file.ts';

const schema = defineSchema({
  Artist: table({ name: text(), meta: json<{ tags: string[] }>().optional() }, { indexes: [['name']] }),
  Album: table({ title: text(), year: int().optional(), artist: ref('Artist').optional() }),
  Draft: table({ body: text() }, { local: true }),
});
type Db = DatabaseSync<typeof schema>;

/** All that a live query called back with. */
function watched<Row>(db: Db, query: SqlFragment<Row>) {
  const calls: { rows: readonly Row[]; delta: RowDelta<Row> }[] = [];
  const errors: unknown[] = [];
  const subscription = db.subscribe(query, {
    onRows: (rows, { delta }) => calls.push({ rows, delta }),
    onError: (error) => errors.push(error),
  });
  return { calls, errors, ...subscription };
}

/** After all microtasks that were queued, and those that they queued. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const allArtists = sql`SELECT * FROM Artist ORDER BY name`.as(schema.Artist);

test('P1, P2: the first callback comes later, with what was written in between, and comes if there is nothing', async () => {
  using db = openReplica(schema);
  const { calls } = watched(db, allArtists);
  const empty = watched(db, sql`SELECT * FROM Album`);
  expect(calls).toEqual([]);
  db.Artist.save({ id: 'a', name: 'n' });
  await settled();
  expect(calls.map(({ rows }) => rows)).toEqual([[{ id: 'a', name: 'n', meta: null }]]);
  expect(empty.calls).toEqual([{ rows: [], delta: { added: [], updated: [], removed: [] } }]);
});

test('P3: commits before the run share it, and the last state is seen', async () => {
  using db = openReplica(schema);
  const { calls } = watched(db, allArtists);
  await settled();
  for (let i = 0; i < 10; i++) db.Artist.save({ id: 'a', name: `n${i}` });
  await settled();
  expect(calls).toHaveLength(2);
  expect(calls[1]!.rows[0]!.name).toBe('n9');
});

test('P4: no callback when the rows are what they were, or when only other tables changed', async () => {
  using db = openReplica(schema);
  const { calls } = watched(db, sql`SELECT name FROM Artist`);
  db.Artist.save({ id: 'a', name: 'n' });
  await settled();
  db.Artist.update('a', { meta: { tags: [] } });
  db.Album.save({ title: 't' });
  await settled();
  expect(calls).toHaveLength(1);
});

test('P5: unchanged rows are the same objects, and the delta says by id what is not', async () => {
  using db = openReplica(schema);
  for (const id of ['a', 'b', 'c']) db.Artist.save({ id, name: id, meta: { tags: [id] } });
  const { calls } = watched(db, allArtists);
  await settled();
  db.transaction((tx) => {
    tx.Artist.update('b', { name: 'z' });
    tx.Artist.delete('c');
    tx.Artist.save({ id: 'd', name: 'd' });
  });
  await settled();
  const [before, after] = calls;
  expect(after!.rows.map(({ id }) => id)).toEqual(['a', 'd', 'b']);
  expect(after!.rows[0]).toBe(before!.rows[0]);
  expect(after!.delta).toEqual({ added: [after!.rows[1]], updated: [after!.rows[2]], removed: [before!.rows[2]] });
});

test('P6: nothing is called after stop, not even what was due, and stopping within a callback works', async () => {
  using db = openReplica(schema);
  const stopped = watched(db, allArtists);
  stopped.stop();
  let calls = 0;
  const once = db.subscribe(allArtists, {
    onRows: () => {
      calls++;
      once.stop();
      once.stop();
    },
  });
  const controller = new AbortController();
  db.subscribe(allArtists, { onRows: () => calls++, signal: controller.signal });
  controller.abort();
  await settled();
  db.Artist.save({ name: 'n' });
  await settled();
  expect(stopped.calls).toEqual([]);
  expect(calls).toBe(1);
});

test('P7: a query that fails says so, and works when its cause is gone', async () => {
  using db = openReplica(schema);
  const missing = watched(db, sql`SELECT name FROM Missing`);
  await settled();
  expect(missing.errors).toMatchObject([{ code: 'LOCAL_SQL_FAILED' }]);
  db.exec(sql`CREATE TABLE Missing (name TEXT)`);
  db.exec(sql`INSERT INTO Missing VALUES ('n')`);
  missing.refresh();
  await settled();
  expect(missing.calls.map(({ rows }) => rows)).toEqual([[{ name: 'n' }]]);
});

test('P7: an error of the callback goes to onError too', async () => {
  using db = openReplica(schema);
  const errors: unknown[] = [];
  db.subscribe(allArtists, {
    onRows: () => {
      throw new Error('mine');
    },
    onError: (error) => errors.push(error),
  });
  await settled();
  db.Artist.save({ name: 'n' });
  await settled();
  expect(errors).toHaveLength(2);
});

test('P8: refresh makes a run; it calls back only if the rows differ', async () => {
  using db = openReplica(schema);
  const random = watched(db, sql`SELECT random() AS n`);
  const constant = watched(db, sql`SELECT 1 AS n`);
  await settled();
  random.refresh();
  constant.refresh();
  await settled();
  expect([random.calls.length, constant.calls.length]).toEqual([2, 1]);
});

test('merges, plain SQL and local tables wake live queries', async () => {
  using db = openReplica(schema);
  using other = openReplica(schema);
  other.Artist.save({ id: 'a', name: 'n' });
  const artists = watched(db, sql`SELECT count(*) AS n FROM Artist`);
  const drafts = watched(db, sql`SELECT count(*) AS n FROM Draft`);
  await settled();
  db.log.append(other.log.changesById(other.log.changeIds()));
  await settled();
  db.exec(sql`DELETE FROM Artist`);
  db.exec(sql`INSERT INTO Draft (id, body) VALUES ('d', 'b')`);
  await settled();
  expect(artists.calls.map(({ rows }) => rows[0]!['n'])).toEqual([0, 1, 0]);
  expect(drafts.calls.map(({ rows }) => rows[0]!['n'])).toEqual([0, 1]);
});

test('a commit through another handle on the file wakes live queries, by the watch on the file', async () => {
  const file = temporaryFile();
  using reader = openDbSync({ schema, driver: betterSqlite(file) });
  using writer = openDbSync({ schema, driver: betterSqlite(file) });
  const names = await new Promise<unknown>((resolve, reject) => {
    reader.subscribe(sql`SELECT name FROM Artist`, {
      onRows: (rows) => (rows.length === 0 ? writer.Artist.save({ name: 'n' }) : resolve(rows)),
      onError: reject,
    });
  });
  expect(names).toEqual([{ name: 'n' }]);
});

describe('what a query reads is asked of SQLite', () => {
  const all = ['album', 'artist'];
  test.each([
    ['a newline after FROM', 'SELECT * FROM\nArtist', ['artist']],
    ['any case', 'select * from ARTIST', ['artist']],
    ['a covering index', 'SELECT name FROM Artist WHERE name > 1', ['artist']],
    ['a sub-select', 'SELECT * FROM Artist WHERE id IN (SELECT artist FROM Album)', all],
    ['a common table expression', 'WITH x AS (SELECT * FROM Album) SELECT * FROM Artist JOIN x', all],
    ['a union', 'SELECT id FROM Artist UNION SELECT id FROM Album', all],
    ['a schema name', 'SELECT * FROM main.Artist', ['artist']],
    ['a literal that looks like SQL', `SELECT 'FROM Album' FROM Artist`, ['artist']],
    ['a comment', 'SELECT * FROM Artist -- JOIN Album', ['artist']],
    ['no table', 'SELECT 1', []],
    ['the log', 'SELECT * FROM ZV_CHANGE', undefined],
    ['the schema', 'SELECT * FROM sqlite_schema', undefined],
    ['a virtual table', `SELECT * FROM json_each('[1]')`, undefined],
    ['a view', 'SELECT * FROM Titles', ['album']],
  ])('%s', (_, text, tables) => {
    using db = openReplica(schema);
    db.exec(sql`CREATE VIEW Titles AS SELECT title FROM Album`);
    const found = dependenciesOf(db.log as Store, text, []).tables;
    expect(found && [...found].toSorted()).toEqual(tables);
  });

  test.each([
    ['SELECT * FROM Artist WHERE id = ?', 'a'],
    ['SELECT name FROM Artist AS x WHERE x.id = ?', 'a'],
    ['SELECT * FROM Artist WHERE name = 1 OR id = ?', undefined],
    ['SELECT * FROM Artist UNION SELECT * FROM Artist WHERE id = ?', undefined],
    ['SELECT *, (SELECT count(*) FROM Artist) FROM Artist WHERE id = ?', undefined],
    ['SELECT id, (SELECT count(*) FROM Artist) AS n FROM Artist WHERE id = ?', undefined],
    ['SELECT * FROM Counted WHERE id = ?', undefined],
    ['SELECT * FROM Artist, Counted AS c WHERE c.id = ?', undefined],
    ['SELECT * FROM Artist WHERE NOT id = ?', undefined],
    ['SELECT * FROM Artist WHERE name = ?', undefined],
  ])('%s reads the row %j', (text, row) => {
    using db = openReplica(schema);
    db.exec(sql`CREATE VIEW Counted AS SELECT id, (SELECT count(*) FROM Artist) AS n FROM Artist`);
    expect(dependenciesOf(db.log as Store, text, ['a']).row).toBe(row);
  });

  test('a query of one row runs only when that row changed', async () => {
    const statements: string[] = [];
    const inner = betterSqlite(':memory:');
    const driver: SqliteDriver = {
      exec: (text) => inner.exec(text),
      close: () => inner.close(),
      get isInTransaction() {
        return inner.isInTransaction;
      },
      prepare: (text, options) => {
        const statement = inner.prepare(text, options);
        return {
          isQuery: statement.isQuery,
          isReadOnly: statement.isReadOnly,
          run: (values) => statement.run(values),
          get: (values) => statement.get(values),
          all: (values) => {
            if (text.startsWith('SELECT *')) statements.push(text);
            return statement.all(values);
          },
        };
      },
    };
    using db = openReplica(schema, { driver });
    db.subscribe(sql`SELECT * FROM Artist WHERE id = ${'a'}`, { onRows: () => undefined });
    await settled();
    const before = statements.length;
    db.Artist.save({ id: 'b', name: 'n' });
    await settled();
    expect(statements.length).toBe(before);
    db.Artist.save({ id: 'a', name: 'n' });
    await settled();
    expect(statements.length).toBe(before + 1);
  });
});

const write = fc.record({
  table: fc.constantFrom('Artist' as const, 'Album' as const),
  id: fc.constantFrom('a', 'b', 'c'),
  value: fc.constantFrom('x', 'y'),
  deed: fc.constantFrom('save', 'delete', 'raw', 'wait', 'rollback'),
});

property.prop([fc.array(write, { maxLength: 30, size: 'max' })])(
  'the last result is what the query returns, and the deltas add up to it [S10]',
  async (writes) => {
    using db = openReplica(schema);
    const queries = [
      sql`SELECT * FROM Artist ORDER BY name, id`,
      sql`SELECT Album.id, title, name FROM Album LEFT JOIN Artist ON Artist.id = Album.id ORDER BY title, Album.id`,
      sql`SELECT * FROM Artist WHERE id = ${'a'}`,
      sql`SELECT count(*) AS n FROM Album`,
    ];
    const live = queries.map((query) => watched(db, query));
    for (const { table: name, id, value, deed } of writes) {
      if (deed === 'save' && name === 'Artist') db.Artist.save({ id, name: value });
      else if (deed === 'save') db.Album.save({ id, title: value });
      else if (deed === 'delete') db[name].delete(id);
      else if (deed === 'raw') db.exec(sql`UPDATE Artist SET name = ${value} WHERE id >= ${id}`);
      else if (deed === 'wait') await settled();
      else
        expect(() =>
          db.transaction((tx) => {
            tx.Artist.save({ id, name: 'never' });
            throw new Error('back');
          }),
        ).toThrow('back');
    }
    await settled();
    queries.forEach((query, at) => {
      const { calls, errors } = live[at]!;
      expect(errors).toEqual([]);
      expect(calls.at(-1)!.rows).toEqual(db.query(query));
      if (at === 3) return; // has no id
      const byId = new Map<unknown, unknown>();
      for (const { delta } of calls) {
        for (const row of delta.removed) byId.delete(row['id']);
        for (const row of [...delta.added, ...delta.updated]) byId.set(row['id'], row);
      }
      expect(new Set(byId.values())).toEqual(new Set(db.query(query)));
    });
  },
);
