import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { driverOver } from '../../src/browser/worker/sqlite-wasm-driver.ts';
import { defineSchema, int, openDbSync, real, sql, table, text } from '../../src/index.ts';
import type { SqliteDriver, SqlValue } from '../../src/index.ts';

let sqlite3: Sqlite3Static;
let driver: SqliteDriver;
beforeAll(async () => {
  sqlite3 = await sqlite3InitModule();
});
beforeEach(() => {
  driver = driverOver(sqlite3, new sqlite3.oo1.DB(':memory:'));
});
afterEach(() => driver.close());

test.each<[SqlValue, string, SqlValue]>([
  [null, 'null', null],
  [7n, 'integer', 7n],
  [-(2n ** 63n), 'integer', -(2n ** 63n)],
  [2n ** 63n - 1n, 'integer', 2n ** 63n - 1n],
  [2, 'real', 2],
  [-0.5, 'real', -0.5],
  ['007', 'text', '007'],
  ['naïve 🙂', 'text', 'naïve 🙂'],
  ['', 'text', ''],
  [new Uint8Array([0, 255]), 'blob', new Uint8Array([0, 255])],
  [new Uint8Array(), 'blob', new Uint8Array()],
])('%s is stored as %s and comes back', (value, kind, back) => {
  const row = driver.prepare('SELECT ?1 AS value, typeof(?1) AS kind', { bigInts: true }).get([value]);
  expect(row).toEqual({ value: back, kind });
});

test('integers are numbers unless they are asked for exactly', () => {
  expect(driver.prepare('SELECT 5 AS five').all([])).toEqual([{ five: 5 }]);
});

test('what triggers do is not counted', () => {
  driver.exec('CREATE TABLE t (a); CREATE TABLE u (a)');
  driver.exec('CREATE TRIGGER log AFTER UPDATE ON t BEGIN INSERT INTO u VALUES (new.a); END');
  driver.prepare('INSERT INTO t VALUES (1), (2)').run([]);
  expect(driver.prepare('UPDATE t SET a = 5').run([])).toBe(2);
  expect(driver.prepare('UPDATE t SET a = 5 WHERE a = 1').run([])).toBe(0);
});

test('a statement says what it is, and how many rows it changed', () => {
  driver.exec('CREATE TABLE t (a UNIQUE)');
  const insert = driver.prepare('INSERT INTO t VALUES (?), (?)');
  expect(insert).toMatchObject({ isQuery: false, isReadOnly: false });
  expect(insert.run([1n, 2n])).toBe(2);
  expect(driver.prepare('SELECT a FROM t')).toMatchObject({ isQuery: true, isReadOnly: true });
  expect(driver.prepare('UPDATE t SET a = a + 10 RETURNING a')).toMatchObject({ isQuery: true, isReadOnly: false });
});

test('a failure has the name of its extended code, and the statement can be used again', () => {
  driver.exec('CREATE TABLE t (a UNIQUE)');
  const insert = driver.prepare('INSERT INTO t VALUES (?)');
  insert.run([1n]);
  expect(() => insert.run([1n])).toThrow(expect.objectContaining({ code: 'SQLITE_CONSTRAINT_UNIQUE' }));
  expect(insert.run([2n])).toBe(1);
  expect(() => driver.prepare('SELECT nonsense')).toThrow(expect.objectContaining({ code: 'SQLITE_ERROR' }));
});

test('a table that got another column is read with it', () => {
  driver.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  const all = driver.prepare('SELECT * FROM t');
  expect(all.all([])).toEqual([{ a: 1 }]);
  driver.exec('ALTER TABLE t ADD COLUMN b');
  expect(all.all([])).toEqual([{ a: 1, b: null }]);
});

test('a database works on it as on better-sqlite3', async () => {
  const schema = defineSchema({ Note: table({ title: text(), stars: int().optional(), weight: real().default(1) }) });
  using db = openDbSync({ schema, driver });
  const seen: string[][] = [];
  db.subscribe(sql`SELECT * FROM Note ORDER BY title`.as(schema.Note), {
    onRows: (rows) => seen.push(rows.map(({ title }) => title)),
  });
  const { id } = db.Note.save({ title: '007' });
  await Promise.resolve();
  expect(db.Note.get(id)).toEqual({ id, title: '007', stars: null, weight: 1 });
  db.transaction((tx) => {
    tx.Note.update(id, { stars: 3 });
    tx.exec(sql`UPDATE Note SET title = title || '!'`);
  });
  await Promise.resolve();
  expect(seen).toEqual([['007'], ['007!']]);
  expect(db.history('Note', id)).toHaveLength(3);
  expect(db.Note.delete(id)).toBe(true);
});
