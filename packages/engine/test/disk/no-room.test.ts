// A transaction that is larger than what the disk has left is refused as if it had not been tried, and the others go on.
import { readFileSync } from 'node:fs';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import type { CallResult } from '../../src/call-result.ts';
import type { Caller } from '../../src/client.ts';
import { testIdentity } from '../../src/testing/index.ts';
import { LoggedDatabase } from '../support/logged-database.ts';

const PROCEDURES = wasm('procedures');
const FEATURES = wasm('features');
const ROOM = 150_000;
const LARGE = 'x'.repeat(ROOM);
const PIECE = 'x'.repeat(10_000);
const FULL =
  /the database's disk is full: it has no room for the \d{6} bytes of this transaction, so nothing was changed/u;
const owner: Caller = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: '{}' };
const refused = { kind: 'overloaded', message: expect.stringMatching(FULL) as string, retryAfterSeconds: 1 };

test('whoever asks for it hears why, nothing of it is seen, and it is counted', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await leaveRoom(db);
  const { database } = db;
  const alice = await db.connect('alice');
  const entries = await alice.subscribe('SELECT * FROM entry');
  const before = database.lastTxOffset;
  await expect(alice.call('write', LARGE)).rejects.toThrow(FULL);
  await expect(alice.callProcedure('write_in_transaction', LARGE)).rejects.toThrow(FULL);
  expect(database.lastTxOffset).toBe(before);
  expect(await database.call(owner, 'write', JSON.stringify([LARGE]))).toEqual(refused);
  expect(await database.call(owner, 'write_in_transaction', JSON.stringify([LARGE]))).toMatchObject({
    failure: { kind: 'busy', message: expect.stringMatching(FULL) as string },
  });
  await write(db, 'small');
  const metrics = database.metrics();
  expect(metrics.refusedRequests.fullDisk).toBe(4);
  expect(metrics.procedures.counts).toMatchObject({ committed: 0, rolledBack: 2 });
  expect(entries.rows('entry')).toMatchObject([{ text: 'small' }]);
  expect(db.failure).toBeUndefined();

  db.disk.capacityBytes = Number.POSITIVE_INFINITY;
  await alice.call('write', LARGE);
  expect(await db.rows('entry')).toHaveLength(2);
  await db.restart();
  expect(await db.rows('entry')).toHaveLength(2);
});

test('what a reducer is called with counts, too: the record has it beside the rows', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await leaveRoom(db);
  // As rows alone it is less than what is always left.
  const half = 'x'.repeat(60_000);
  expect(await db.database.call(owner, 'write', JSON.stringify([half]))).toEqual(refused);
  expect(await db.rows('entry')).toEqual([]);
  await write(db, half.slice(0, 30_000));
});

test('whoever calls a procedure hears what it had committed before its disk was full, and not to try again', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await leaveRoom(db);
  const { database } = db;
  const writing = database.call(owner, 'write_sleep_write', JSON.stringify(['first', 1000, LARGE]));
  await db.clock.advance(1_000);
  const message = expect.stringMatching(/disk is full: .* what it had committed before stays/u) as string;
  expect(await writing).toEqual({ kind: 'procedureFailed', failure: { kind: 'failed', message } });
  expect(db.logs.at(-1)).toContain('what it had committed before stays');
  expect(await db.rows('entry')).toMatchObject([{ text: 'first' }]);
  expect(database.metrics().refusedRequests.fullDisk).toBe(1);
  expect(database.metrics().procedures.counts).toMatchObject({ committed: 1, rolledBack: 1 });
  // The next call has committed nothing yet.
  expect(await database.call(owner, 'write_in_transaction', JSON.stringify([LARGE]))).toMatchObject({
    failure: { kind: 'busy', message: expect.stringMatching(FULL) as string },
  });
});

test('SQL that changes much is refused, and SQL that deletes all rows is not', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await write(db, LARGE);
  await write(db, 'small');
  await leaveRoom(db);
  const { database } = db;
  // The record has the rows that are gone whole, unless it is all of a table.
  expect(database.sql(owner, "DELETE FROM entry WHERE text <> 'small'")).toEqual(refused);
  expect(database.sql(owner, "UPDATE entry SET text = 'smaller' WHERE text <> 'small'")).toEqual(refused);
  expect(await db.rows('entry')).toMatchObject([{ text: LARGE }, { text: 'small' }]);
  expect(database.sql(owner, 'DELETE FROM entry')).toMatchObject({ kind: 'ok' });
  expect(await db.rows('entry')).toEqual([]);
  expect(database.metrics().refusedRequests.fullDisk).toBe(2);
});

test('a view that nobody has read yet is read where there is no room at all: the log keeps nothing of its rows', async () => {
  await using db = await LoggedDatabase.create(FEATURES);
  const [alice, bob] = [await db.connect('alice'), await db.connect('bob')];
  // In one turn, of which nothing is written until its end: what was set aside before is promised to the last byte.
  db.disk.capacityBytes = 0;
  const write = (): Promise<CallResult> => db.database.call(owner, 'remind_once', JSON.stringify([PIECE, 1_000_000]));
  const results = Array.from({ length: 100 }, write);
  bob.disconnect();
  const counts = alice.query('SELECT * FROM color_counts');
  db.disk.capacityBytes = Number.POSITIVE_INFINITY;
  const kinds = (await Promise.all(results)).map(({ kind }) => kind);
  expect([kinds.at(0), kinds.at(-1)]).toEqual(['committed', 'connectRejected']);
  expect(await counts).toHaveLength(3);
});

test('who comes with more than there is room for may come again', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await leaveRoom(db);
  const heavy = { ...owner, jwtPayload: JSON.stringify({ much: LARGE }) };
  expect(db.database.sql(heavy, 'SELECT * FROM entry')).toMatchObject({ kind: 'connectRejected', cause: 'diskFull' });
  expect(db.database.metrics().refusedConnections).toMatchObject({ diskFull: 1 });
  expect(db.database.sql(owner, 'SELECT * FROM entry')).toMatchObject({ kind: 'ok' });
});

test.each([
  { what: 'reducer', program: FEATURES, schedule: 'remind_once', at: (ms: number) => [LARGE, ms] },
  {
    what: 'procedure',
    program: wasm('schedules'),
    schedule: 'send_on_errand',
    at: (ms: number) => [LARGE, BigInt(ms), 0, false],
  },
])('a scheduled $what that writes too much is over, and the log of the module says why', async (scheduled) => {
  await using db = await LoggedDatabase.create(scheduled.program);
  const alice = await db.connect('alice');
  // Two, as all of a table is removed by a word; that one of them is over takes its row.
  await alice.call(scheduled.schedule, ...scheduled.at(1_000));
  await alice.call(scheduled.schedule, ...scheduled.at(3_000));
  await leaveRoom(db, ROOM + 40_000);
  await db.clock.advance(2_000);
  expect(db.logs.at(-1)).toMatch(/^the database's disk is full: it has no room/u);
  expect(db.failure).toBeUndefined();
});

test('a publish that does not fit leaves the module that runs, and clients who follow what it would have removed', async () => {
  await using db = await LoggedDatabase.create(PROCEDURES);
  await leaveRoom(db);
  const entries = await (await db.connect('alice')).subscribe('SELECT * FROM entry');
  expect(FEATURES.length).toBeGreaterThan(ROOM);
  expect(() => db.database.update(FEATURES, true)).toThrow(expect.objectContaining({ code: 'ENGINE_DISK_FULL' }));
  await write(db, 'after');
  expect(entries.rows('entry')).toMatchObject([{ text: 'after' }]);
  await db.restart();
  expect(await db.rows('entry')).toHaveLength(1);
});

test('a disk that fills up with small transactions stops the database: it is to be opened anew, and all may come again', async () => {
  const db = await LoggedDatabase.create(PROCEDURES);
  await write(db, 'before');
  await leaveRoom(db);
  const alice = await db.connect('alice');
  db.disk.capacityBytes = 0;
  const full = "the database's disk is full";
  // The first takes the room that was set aside.
  await alice.call('write', 'x'.repeat(25_000));
  await expect(alice.call('write', 'y'.repeat(25_000))).rejects.toThrow(full);
  expect(db.failure).toMatchObject({ code: 'ENGINE_DISK_FULL', message: expect.stringContaining(full) as string });
  await expect(db.database.call(owner, 'write', '["x"]')).rejects.toMatchObject({ code: 'ENGINE_DISK_FULL' });
  await db.embedded.close().catch(() => undefined);

  await db.reopen();
  expect(db.database.readOnlyReason).toContain(full);
  expect(await db.rows('entry')).toHaveLength(2);
  await db.embedded.close();
});

/** More than is kept for what has to be written in any case, and less than a large transaction. */
async function leaveRoom(db: LoggedDatabase, room = ROOM): Promise<void> {
  await db.embedded.close();
  const used = db.disk.usedBytes;
  await db.reopen();
  db.disk.capacityBytes = used + room;
}

async function write(db: LoggedDatabase, text: string): Promise<void> {
  expect(await db.database.call(owner, 'write', JSON.stringify([text]))).toMatchObject({ kind: 'committed' });
  await db.database.whenDurable(db.database.lastTxOffset);
}

function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`../../../../modules/${name}/${name}.wasm`, import.meta.url));
}
