import Database from 'better-sqlite3';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defineSchema, int, openDb, openDbSync, ref, sql, table, text } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';
import { logOf, openReplica, pull, rowsOf } from './support/replica.ts';
import { temporaryFile } from './support/temporary-file.ts';

const schema = defineSchema({ Artist: table({ name: text(), city: text().optional() }) });

/** A file as DimpleDb leaves it: the tables of 40-dimple §4.1, and an author that has saved numbers as text. */
function referenceFile(): string {
  const file = temporaryFile();
  const db = new Database(file);
  db.exec(`
    CREATE TABLE Artist (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, city TEXT);
    CREATE TABLE ZV_METADATA (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE ZV_CHANGE (
      id TEXT NOT NULL PRIMARY KEY, author_id TEXT NOT NULL, entity_type TEXT NOT NULL, entity_id TEXT NOT NULL,
      merged BOOL NOT NULL DEFAULT false
    );
    CREATE TABLE ZV_CHANGE_FIELD (
      change_id TEXT NOT NULL, field_name TEXT NOT NULL, field_value ANY,
      PRIMARY KEY (change_id, field_name), FOREIGN KEY (change_id) REFERENCES ZV_CHANGE (id)
    );
    INSERT INTO ZV_METADATA VALUES ('database_uuid', '01932d5e-0000-7000-8000-00000000000a');
    PRAGMA user_version = 2;
  `);
  referenceSave(db, '01932d5e-0001-7000-8000-000000000000', 'x', { name: '007', city: 'Rome' });
  db.close();
  return file;
}

/** What the reference does at a save: its row, and its log with the affinity of numbers. */
function referenceSave(db: Database.Database, changeId: string, id: string, row: { name: string; city: string }): void {
  db.prepare('INSERT OR REPLACE INTO Artist VALUES (?, ?, ?)').run(id, row.name, row.city);
  db.prepare(`INSERT INTO ZV_CHANGE VALUES (?, '01932d5e-0000-7000-8000-00000000000a', 'Artist', ?, true)`).run(
    changeId,
    id,
  );
  for (const [name, value] of Object.entries(row))
    db.prepare('INSERT INTO ZV_CHANGE_FIELD VALUES (?, ?, ?)').run(changeId, name, value);
}

const steps = [sql`SELECT 1`, sql`SELECT 2`];

test("a file of DimpleDb's opens with its author, its rows and its log; the text 007 stays and reaches peers", () => {
  const file = referenceFile();
  using db = openDbSync({ schema, migrations: steps, driver: betterSqlite(file) });
  expect(db.authorId).toBe('01932d5e-0000-7000-8000-00000000000a');
  expect(db.Artist.get('x')).toEqual({ id: 'x', name: '007', city: 'Rome' });
  using peer = openReplica(schema);
  pull(db, peer);
  expect(peer.Artist.get('x')?.name).toBe('007');
  // Its own first change is as it was.
  expect(logOf(db)[0]).toMatchObject({
    id: '01932d5e-0001-7000-8000-000000000000',
    fields: [{ value: 'Rome' }, { value: 7n }],
  });
});

test('DimpleDb can write to a file of ours, and what it writes is merged by its stamp', () => {
  const file = temporaryFile();
  const first = openDbSync({ schema, driver: betterSqlite(file) });
  first.Artist.save({ id: 'x', name: 'ours' });
  first.close();
  const reference = new Database(file);
  reference.pragma('foreign_keys = ON');
  // Its clock is behind: its row says theirs, although its change is older than ours.
  referenceSave(reference, '01932d5e-0002-7000-8000-000000000000', 'x', { name: 'theirs', city: 'Rome' });
  referenceSave(reference, '01932d5e-0003-7000-8000-000000000000', 'y', { name: '08', city: 'Rome' });
  reference.close();
  using db = openDbSync({ schema, driver: betterSqlite(file) });
  expect(rowsOf(db)).toEqual({
    Artist: [
      { id: 'x', name: 'ours', city: null },
      { id: 'y', name: '08', city: 'Rome' },
    ],
  });
});

describe('migrations', () => {
  test('tables, columns and indexes are added; steps run once', () => {
    const file = temporaryFile();
    openDbSync({ schema, driver: betterSqlite(file), migrations: [] }).close();
    const larger = defineSchema({
      Artist: table({ name: text(), city: text().optional(), plays: int().default(3) }, { indexes: [['city']] }),
      Album: table({ artist: ref('Artist') }),
    });
    const before = openDbSync({ schema, driver: betterSqlite(file) });
    before.Artist.save({ id: 'x', name: 'n' });
    before.close();
    let runs = 0;
    const migrations = [() => void runs++, sql`UPDATE Artist SET name = 'm'`];
    for (let i = 0; i < 2; i++) {
      using db = openDbSync({ schema: larger, driver: betterSqlite(file), migrations });
      expect(db.Artist.get('x')).toEqual({ id: 'x', name: 'm', city: null, plays: 3 });
      // What a step did to rows is in the log, so that a device that joins later gets it.
      expect(logOf(db).at(-1)!.fields).toEqual([{ name: 'name', value: 'm' }]);
      expect(
        db.query(sql`SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'A%' ORDER BY name`),
      ).toEqual([{ name: 'Album_artist' }, { name: 'Artist_city' }]);
    }
    expect(runs).toBe(1);
    expect(() => openDbSync({ schema: larger, driver: betterSqlite(file), migrations: [] })).toThrow(
      expect.objectContaining({ code: 'LOCAL_NEWER_FILE' }),
    );
  });

  test('a column that is added has its default as the log would give it, also a text with a NUL', () => {
    const file = temporaryFile();
    const before = openDbSync({ schema, driver: betterSqlite(file) });
    before.Artist.save({ id: 'x', name: 'n' });
    before.close();
    const larger = defineSchema({
      Artist: table({ name: text(), city: text().optional(), mark: text().default("a'\0b"), rank: int().default(3) }),
    });
    using db = openDbSync({ schema: larger, driver: betterSqlite(file) });
    expect(db.Artist.get('x')).toEqual({ id: 'x', name: 'n', city: null, mark: "a'\0b", rank: 3 });
    expect(db.reconcile()).toBe(0);
  });

  test('a required column without a default is refused, and a failing step leaves nothing behind', () => {
    const file = temporaryFile();
    openDbSync({ schema, driver: betterSqlite(file) }).close();
    const required = defineSchema({ Artist: table({ name: text(), born: int() }), Other: table({}) });
    expect(() => openDbSync({ schema: required, driver: betterSqlite(file) })).toThrow(
      expect.objectContaining({ code: 'LOCAL_MIGRATION_FAILED' }),
    );
    const migrations = [sql`CREATE TABLE Made (a)`, sql`INSERT INTO Missing VALUES (1)`];
    expect(() => openDbSync({ schema, driver: betterSqlite(file), migrations })).toThrow(/migration 2 failed/);
    using db = openDbSync({ schema, driver: betterSqlite(file) });
    expect(db.query(sql`SELECT name FROM sqlite_schema WHERE name IN ('Made', 'Other')`)).toEqual([]);
  });
});

test('a copied file writes under another id, and knows its former one', () => {
  const file = temporaryFile();
  const first = openDbSync({ schema, driver: betterSqlite(file) });
  first.Artist.save({ name: 'n' });
  const { authorId } = first;
  first.close();
  copyFileSync(file, `${file}-copy`);
  using again = openDbSync({ schema, driver: betterSqlite(file) });
  using copy = openDbSync({ schema, driver: betterSqlite(`${file}-copy`) });
  expect(again.authorId).toBe(authorId);
  expect(copy.authorId).not.toBe(authorId);
  expect(copy.log.formerAuthorIds).toEqual([authorId]);
  copy.Artist.save({ name: 'm' });
  expect(logOf(copy).map((change) => change.authorId)).toEqual([authorId, copy.authorId]);
});

test('two handles on one file take turns, and their ids rise in one sequence', () => {
  const file = temporaryFile();
  using a = openDbSync({ schema, driver: betterSqlite(file), nowMs: () => 2_000_000_000_000 });
  using b = openDbSync({ schema, driver: betterSqlite(file), nowMs: () => 1_000_000_000_000 });
  for (let i = 0; i < 10; i++) (i % 2 === 0 ? a : b).Artist.save({ id: 'x', name: `n${i}` });
  const ids = logOf(a).map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(10);
  expect(b.Artist.get('x')?.name).toBe('n9');
});

test('a file that another connection holds is LOCAL_BUSY, and nothing is lost', () => {
  const file = temporaryFile();
  using db = openDbSync({ schema, driver: betterSqlite(file, { busyTimeoutMs: 1 }) });
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  expect(() => db.Artist.save({ name: 'n' })).toThrow(expect.objectContaining({ code: 'LOCAL_BUSY' }));
  other.exec('ROLLBACK');
  other.close();
  db.Artist.save({ name: 'n' });
  expect(logOf(db)).toHaveLength(1);
});

test('a full disk undoes the transaction whole, and writing goes on when there is room', () => {
  const file = temporaryFile();
  const driver = betterSqlite(file);
  using db = openDbSync({ schema, driver });
  db.Artist.save({ id: 'x', name: 'n' });
  // SQLite then says SQLITE_FULL, as it does when the disk has no page more.
  const pages = Number(driver.prepare('PRAGMA page_count').get([])!['page_count']);
  driver.exec(`PRAGMA max_page_count = ${pages}`);
  const large = { name: 'n'.repeat(100_000) };
  expect(() => db.Artist.save(large)).toThrow(expect.objectContaining({ code: 'LOCAL_DISK_FULL' }));
  using other = openReplica(schema);
  other.Artist.save(large);
  expect(() => pull(other, db)).toThrow(expect.objectContaining({ code: 'LOCAL_DISK_FULL' }));
  expect(() =>
    db.transaction((tx) => {
      tx.Artist.update('x', { name: 'm' });
      tx.Artist.save(large);
    }),
  ).toThrow(expect.objectContaining({ code: 'LOCAL_DISK_FULL' }));
  expect(rowsOf(db)).toEqual({ Artist: [{ id: 'x', name: 'n', city: null }] });
  driver.exec('PRAGMA max_page_count = 1000000');
  pull(other, db);
  db.Artist.save(large);
  expect(rowsOf(db)['Artist']).toHaveLength(3);
  expect(logOf(db)).toHaveLength(3);
});

test('a transaction in which the disk was full keeps nothing, although its work goes on', async () => {
  const driver = betterSqlite(temporaryFile());
  await using db = await openDb({ schema, driver });
  await db.Artist.save({ id: 'x', name: 'n' });
  const pages = Number(driver.prepare('PRAGMA page_count').get([])!['page_count']);
  driver.exec(`PRAGMA max_page_count = ${pages}`);
  const full = { code: 'LOCAL_DISK_FULL' };
  const work = db.transaction(async (tx) => {
    await tx.Artist.update('x', { name: 'm' });
    await expect(tx.Artist.save({ name: 'n'.repeat(100_000) })).rejects.toMatchObject(full);
    driver.exec('PRAGMA max_page_count = 1000000');
    // What it is told again is why, not what would become of this call.
    await expect(tx.Artist.save({ name: 'small' })).rejects.toMatchObject(full);
    await expect(tx.Artist.get('x')).rejects.toMatchObject(full);
  });
  await expect(work).rejects.toMatchObject(full);
  expect(await db.query(sql`SELECT id, name FROM Artist`)).toEqual([{ id: 'x', name: 'n' }]);
  await db.Artist.save({ id: 'y', name: 'n' });
  expect(await db.query(sql`SELECT count(*) AS n FROM ZV_CHANGE`)).toEqual([{ n: 2 }]);
});

test('a statement that ends the transaction ends it for all that follows', () => {
  using db = openReplica(schema);
  db.Artist.save({ id: 'x', name: 'n' });
  expect(() =>
    db.transaction((tx) => {
      tx.Artist.save({ id: 'y', name: 'undone' });
      expect(() => tx.exec(sql`INSERT OR ROLLBACK INTO Artist VALUES ('x', 'm', NULL)`)).toThrow(
        expect.objectContaining({ code: 'LOCAL_CONSTRAINT' }),
      );
      // By itself it would be committed at once.
      expect(() => tx.Artist.save({ id: 'z', name: 'alone' })).toThrow('a statement ended the transaction');
    }),
  ).toThrow(expect.objectContaining({ code: 'LOCAL_SQL_FAILED' }));
  expect(rowsOf(db)).toEqual({ Artist: [{ id: 'x', name: 'n', city: null }] });
  db.Artist.save({ id: 'y', name: 'n' });
  expect(logOf(db)).toHaveLength(2);
});

test.each([
  {
    what: 'no database',
    damage: () => Buffer.from('This is a letter to my aunt, and no database of any kind.'.repeat(100)),
  },
  {
    what: 'a database with damaged pages',
    damage: (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xa5)]),
  },
])('$what is LOCAL_CORRUPT, and left as it is', ({ damage }) => {
  const file = temporaryFile();
  openDbSync({ schema, driver: betterSqlite(file) }).close();
  const damaged = damage(readFileSync(file));
  writeFileSync(file, damaged);
  expect(() => openDbSync({ schema, driver: betterSqlite(file) })).toThrow(
    expect.objectContaining({ code: 'LOCAL_CORRUPT' }),
  );
  expect(readFileSync(file).equals(damaged)).toBe(true);
});

test('rows of other programs are logged when asked', () => {
  const file = temporaryFile();
  using db = openDbSync({ schema, driver: betterSqlite(file) });
  db.Artist.save({ id: 'x', name: 'n' });
  db.Artist.save({ id: 'y', name: 'n' });
  const other = new Database(file);
  other.exec(
    `UPDATE Artist SET city = 'Rome' WHERE id = 'x'; DELETE FROM Artist WHERE id = 'y'; INSERT INTO Artist VALUES ('z', 'n', NULL)`,
  );
  other.close();
  expect(db.reconcile()).toBe(3);
  expect(db.reconcile()).toBe(0);
  using peer = openReplica(schema);
  pull(db, peer);
  expect(rowsOf(peer)).toEqual(rowsOf(db));
});

test('plain SQL in a transaction is logged with it, or undone with it', () => {
  using db = openReplica(schema);
  db.Artist.save({ id: 'x', name: 'n' });
  expect(() =>
    db.transaction((tx) => {
      tx.exec(sql`UPDATE Artist SET name = 'never'`);
      throw new Error('back');
    }),
  ).toThrow('back');
  db.transaction((tx) => {
    tx.Artist.save({ id: 'y', name: 'n' });
    expect(tx.exec(sql`UPDATE Artist SET city = ${'Rome'}`)).toBe(2);
    tx.exec(sql`INSERT OR REPLACE INTO Artist VALUES ('x', 'm', 'Rome')`);
    tx.exec(sql`UPDATE Artist SET id = 'z' WHERE id = 'y'`);
  });
  using peer = openReplica(schema);
  pull(db, peer);
  expect(rowsOf(peer)).toEqual({
    Artist: [
      { id: 'x', name: 'm', city: 'Rome' },
      { id: 'z', name: 'n', city: 'Rome' },
    ],
  });
  for (const text of ['COMMIT', ' -- x\n ROLLBACK', '/* */ PRAGMA foreign_keys = OFF', 'ATTACH DATABASE x AS y'])
    expect(() => db.exec(sql.raw(text))).toThrow(expect.objectContaining({ code: 'LOCAL_INVALID_SQL' }));
  expect(() => db.query(sql`DELETE FROM Artist`)).toThrow(expect.objectContaining({ code: 'LOCAL_INVALID_SQL' }));
});

test('a closed database says so', () => {
  const db = openReplica(schema);
  db.close();
  db.close();
  expect(() => db.Artist.get('x')).toThrow(expect.objectContaining({ code: 'LOCAL_CLOSED' }));
  expect(() => db.log.append([])).toThrow(expect.objectContaining({ code: 'LOCAL_CLOSED' }));
});
