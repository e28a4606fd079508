/*
 * node tools/bootstrap.mjs packages/local/bench/store.bench.ts [rows] [rounds]
 *
 * Saves with and without the log, against plain better-sqlite3 on the same table; reads by id; a merge of foreign changes.
 * Each figure is the best of the rounds, on a file in the system's folder for temporary files.
 */
import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSchema, openDbSync, table, text } from '../src/index.ts';
import type { DatabaseSync } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';

const rows = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'lightcone-local-'));
let files = 0;
const file = (): string => join(folder, `${files++}.db`);

const columns = { name: text(), city: text() };
const schema = defineSchema({ Person: table(columns), Draft: table(columns, { local: true }) });

function perSecond(count: number, work: () => void): number {
  const start = performance.now();
  work();
  return Math.round((count / (performance.now() - start)) * 1000);
}

function plain(): number {
  const db = new Database(file());
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE Person (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL)');
  // The ids are of the same kind and order.
  const ids = openDbSync({ schema, driver: betterSqlite(':memory:') });
  const newIds = ids.transaction((tx) => Array.from({ length: rows }, () => tx.Draft.save({ name: '', city: '' }).id));
  ids.close();
  const insert = db.prepare('INSERT INTO Person VALUES (?, ?, ?)');
  const rate = perSecond(rows, () =>
    db.transaction(() => {
      for (let i = 0; i < rows; i++) insert.run(newIds[i], `name ${i}`, `city ${i % 100}`);
    })(),
  );
  db.close();
  return rate;
}

function saves(name: 'Person' | 'Draft'): number {
  const db = openDbSync({ schema, driver: betterSqlite(file()) });
  const rate = perSecond(rows, () =>
    db.transaction((tx) => {
      for (let i = 0; i < rows; i++) tx[name].save({ name: `name ${i}`, city: `city ${i % 100}` });
    }),
  );
  db.close();
  return rate;
}

function savesOneByOne(durability: 'full' | 'normal'): number {
  const db = openDbSync({ schema, driver: betterSqlite(file()), durability });
  const count = Math.min(rows, 5000);
  const rate = perSecond(count, () => {
    for (let i = 0; i < count; i++) db.Person.save({ name: `name ${i}`, city: `city ${i % 100}` });
  });
  db.close();
  return rate;
}

function filled(): DatabaseSync<typeof schema> {
  const db = openDbSync({ schema, driver: betterSqlite(file()) });
  db.transaction((tx) => {
    for (let i = 0; i < rows; i++) tx.Person.save({ name: `name ${i}`, city: `city ${i % 100}` });
  });
  return db;
}

function getsAndUpdates(): { gets: number; updates: number } {
  const db = filled();
  const ids = db.log.changesSince(0, { limit: rows }).map(({ change }) => change.entityId);
  const gets = perSecond(rows, () => {
    for (let i = 0; i < rows; i++) db.Person.get(ids[(i * 7919) % rows]!);
  });
  const updates = perSecond(rows, () =>
    db.transaction((tx) => {
      for (let i = 0; i < rows; i++) tx.Person.update(ids[(i * 7919) % rows]!, { city: `town ${i}` });
    }),
  );
  db.close();
  return { gets, updates };
}

function merges(): number {
  const from = filled();
  const changes = from.log.changesSince(0, { limit: rows }).map(({ change }) => change);
  from.close();
  const to = openDbSync({ schema, driver: betterSqlite(file()) });
  const rate = perSecond(rows, () => {
    for (let at = 0; at < rows; at += 5000) to.log.append(changes.slice(at, at + 5000));
  });
  to.close();
  return rate;
}

const results: Record<string, number>[] = [];
for (let round = 0; round < rounds; round++) {
  const { gets, updates } = getsAndUpdates();
  results.push({
    'plain better-sqlite3, one transaction': plain(),
    'save, one transaction': saves('Person'),
    'save to a local table, one transaction': saves('Draft'),
    'save, a transaction each, durability full': savesOneByOne('full'),
    'save, a transaction each, durability normal': savesOneByOne('normal'),
    'get by id': gets,
    'update of one column, one transaction': updates,
    'merge of foreign changes, 5000 at a time': merges(),
  });
}
console.table(
  Object.fromEntries(
    Object.keys(results[0]!).map((name) => {
      const best = Math.max(...results.map((result) => result[name]!));
      const base = Math.max(...results.map((result) => result['plain better-sqlite3, one transaction']!));
      return [name, { 'per second': best, 'of plain': `${Math.round((best / base) * 100)} %` }];
    }),
  ),
);
rmSync(folder, { recursive: true });
