import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../src/embedded/session.ts';
import { type TestDatabase, openTestDatabase } from '../src/testing/index.ts';

/*
 * What a stranger may ask of public tables, and what must not hold up, or end, the database for everybody else.
 */

const program = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
const ROWS = 20;
const TEXT_LENGTH = 1024 * 1024;
const JOIN = 'SELECT a.* FROM person a JOIN person b ON a.age = b.age';

let db: TestDatabase;
let writer: Session;
let stranger: Session;
beforeAll(async () => {
  db = await openTestDatabase(program);
  writer = await db.connect('writer');
  stranger = await db.connect('stranger');
  for (let i = 0; i < ROWS; i++) await writer.call('add', `${i}${'x'.repeat(TEXT_LENGTH)}`, 7);
});
afterAll(() => db.database.close());

test('a join whose rows take more than memory is refused as a query, and as a subscription that leaves nothing', async () => {
  await expect(stranger.query(JOIN)).rejects.toThrow('The rows of the join take more than 256 MiB together');
  await expect(stranger.subscribe(JOIN)).rejects.toThrow('The rows of the join take more than 256 MiB together');
  expect(db.database.database.metrics()).toMatchObject({ querySets: 0, liveQueries: 0 });
  expect(await stranger.query('SELECT * FROM person')).toHaveLength(ROWS);
});

test('a statement whose rows are too much for one answer is refused; with a LIMIT it is not', async () => {
  await expect(db.database.sql(JOIN)).rejects.toThrow('The rows take more than 64 MiB together');
  expect(await db.database.sql(`${JOIN} LIMIT 30`)).toHaveLength(30);
  expect(await db.database.sql(JOIN.replace('a.*', 'COUNT(*) AS n'))).toEqual([{ n: BigInt(ROWS * ROWS) }]);
});
