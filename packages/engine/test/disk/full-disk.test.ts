// A database whose disk is full when it is opened can be read and not written, and is opened anew when there is room.
import { readFileSync } from 'node:fs';
import { MemoryBlobStore } from '@lightcone/blobs';
import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import type { Caller } from '../../src/client.ts';
import { testIdentity } from '../../src/testing/index.ts';
import { LoggedDatabase } from '../support/logged-database.ts';

const FEATURES = wasm('features');
const MISBEHAVING = wasm('misbehaving');
const FULL = 'disk is full';
const RED = { tag: 'red', value: {} };
const owner: Caller = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload: '{}' };

test('what is there can be read in every way, and coming and going leaves no trace', async () => {
  const db = await LoggedDatabase.create(FEATURES);
  const before = await db.connect('alice');
  await before.call('add_item', 'lamp', 1, 5, RED);
  await openOnFullDisk(db, true);
  const visits = await db.rows('visit');
  const files = await db.files();

  expect(db.logs.at(-1)).toContain(FULL);
  const alice = await db.connect('alice');
  expect(await alice.query('SELECT * FROM item')).toMatchObject([{ name: 'lamp' }]);
  const subscription = await alice.subscribe('SELECT * FROM item', 'SELECT * FROM good_items');
  expect(subscription.rows('item')).toMatchObject([{ name: 'lamp' }]);
  alice.disconnect();
  expect(await db.rows('visit')).toEqual(visits);
  // The crash left her behind, and nobody can say so on the disk.
  expect(await db.rows('st_client')).toHaveLength(1);
  const [credentials] = await db.rows('st_connection_credentials');
  const leftBehind: Caller = {
    identity: alice.identity,
    connectionId: before.connectionId,
    jwtPayload: credentials!['jwt_payload'] as string, // there is one
  };
  expect(db.database.sql(leftBehind, 'SELECT * FROM item')).toMatchObject({ kind: 'ok' });
  expect(await db.files()).toEqual(files);
  await db.embedded.close();
});

test('what would write is refused with the reason, and changes nothing', async () => {
  const db = await LoggedDatabase.create(FEATURES);
  await openOnFullDisk(db);
  const { database } = db;
  const alice = await db.connect('alice');
  await alice.subscribe('SELECT * FROM item');
  await expect(alice.call('add_item', 'lamp', 1, 5, RED)).rejects.toThrow(FULL);
  await expect(alice.callProcedure('take_nap', 1)).rejects.toThrow(FULL);
  const refused = { kind: 'overloaded', message: expect.stringContaining(FULL) as string };
  expect(await database.call(owner, 'remind_once', '["x", 1]')).toMatchObject(refused);
  const insert = "INSERT INTO answer (question, text) VALUES ('a', 'b')";
  expect(database.sql(owner, insert)).toMatchObject(refused);
  expect(() => database.update(MISBEHAVING, true)).toThrow(
    expect.objectContaining({ code: 'ENGINE_DISK_FULL', message: expect.stringContaining(FULL) as string }),
  );
  expect(database.update(FEATURES, true)).toBe(database.lastTxOffset);
  const request = {
    method: 'GET',
    uri: 'http://x/',
    headers: [],
    timeoutMicros: undefined,
    version: 'HTTP/1.1',
  } as const;
  const { path } = database.module.httpRoutes[0]!; // the module has some
  expect(await database.handleHttp(path, request, new Uint8Array())).toMatchObject({ kind: 'busy' });
  expect(database.durableTxOffset).toBe(database.lastTxOffset);
  expect(db.failure).toBeUndefined();
  await db.embedded.close();
  expect(db.clock.wakeUpCount).toBe(0);
});

test('whom the module does not let in is not let in', async () => {
  const db = await LoggedDatabase.create(MISBEHAVING);
  const session = await db.connect('owner');
  await session.call('ask_for_trouble', { __identity__: testIdentity('mallory').toBigInt() }, true, false, false);
  session.disconnect();
  await openOnFullDisk(db);
  await expect(db.connect('mallory')).rejects.toThrow('you cannot come in');
  const mallory = { ...owner, identity: testIdentity('mallory') };
  expect(db.database.sql(mallory, 'SELECT * FROM visit')).toMatchObject({ kind: 'connectRejected' });
  await (await db.connect('alice')).query('SELECT * FROM visit');
  await db.embedded.close();
});

test('when there is room, everybody is told to come again, and all goes on from what was there', async () => {
  const db = await LoggedDatabase.create(FEATURES);
  const first = await db.connect('alice');
  await first.call('remind_often', 'tick', 10_000);
  await openOnFullDisk(db);
  const alice = await db.connect('alice');
  await alice.subscribe('SELECT * FROM item', 'SELECT * FROM good_items');
  await db.clock.advance(60_000);
  expect(db.failure).toBeUndefined();
  expect(await db.rows('answer')).not.toContainEqual(expect.objectContaining({ question: 'tick' }));

  db.disk.capacityBytes = Number.POSITIVE_INFINITY;
  await db.clock.advance(1_000);
  expect(db.failure).toMatchObject({ code: 'ENGINE_DISK_HAS_ROOM' });
  await expect(alice.query('SELECT * FROM item')).rejects.toThrow('there is room on the disk again');
  await db.embedded.close();
  await db.reopen();

  const back = await db.connect('alice');
  await back.call('add_item', 'lamp', 1, 5, RED);
  await db.clock.advance(10_000);
  expect(await db.rows('answer')).toContainEqual(expect.objectContaining({ question: 'tick' }));
  const ids = (await db.rows('visit')).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  await db.embedded.close();
});

test('a snapshot can be taken to a disk that has room', async () => {
  const db = await LoggedDatabase.create(FEATURES, undefined, new MemoryBlobStore(() => 0));
  db.policy = { ...db.policy, everyTransactions: 1 };
  await openOnFullDisk(db);
  await (await db.connect('alice')).query('SELECT * FROM item');
  expect(await db.database.takeSnapshot()).toBe(db.database.lastTxOffset);
  expect(db.failure).toBeUndefined();
  await db.embedded.close();
});

test('a snapshot that is taken meanwhile has nothing that the log has not', async () => {
  const blobs = new MemoryBlobStore(() => 0);
  const db = await LoggedDatabase.create(FEATURES, undefined, blobs);
  await openOnFullDisk(db);
  // Her visit takes a number, and the rows of the view make a transaction.
  const alice = await db.connect('alice');
  await alice.subscribe('SELECT * FROM color_counts');
  await db.database.takeSnapshot();
  await db.embedded.close();

  db.disk.capacityBytes = Number.POSITIVE_INFINITY;
  await db.reopen();
  (await db.connect('alice')).disconnect();
  const visits = await db.rows('visit');
  await db.embedded.close();
  // From the log alone, as a restore might have to.
  db.blobs = undefined;
  await db.reopen();
  expect(await db.rows('visit')).toEqual(expect.arrayContaining(visits));
  await db.embedded.close();
});

/** The disk takes nothing that it has not. */
async function openOnFullDisk(db: LoggedDatabase, isKilled = false): Promise<void> {
  await db.database.whenDurable(db.database.lastTxOffset);
  if (isKilled) db.disk.killProgram();
  else await db.embedded.close();
  db.disk.capacityBytes = 0;
  await db.reopen();
}

function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`../../../../modules/${name}/${name}.wasm`, import.meta.url));
}
