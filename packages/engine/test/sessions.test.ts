import { ConnectionId } from '@lightcone/sats';
import { expect, test } from 'vitest';
import type { Caller } from '../src/client.ts';
import { openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';

const CLEAR = JSON.stringify(['st_nothing', []]);

test('a connection id that is in use is refused to everybody else, and its client goes on', async () => {
  await using db = await openTestDatabase(anyModule({ lifecycle: ['client_connected', 'client_disconnected'] }));
  const alice = await db.connect('alice');
  const { database } = db.database;
  const logsBefore = db.logs.length;
  for (const name of ['alice', 'bob']) {
    const caller: Caller = { identity: testIdentity(name), connectionId: alice.connectionId, jwtPayload: '{}' };
    const message = expect.stringContaining('is in use by another client') as string;
    expect(await database.call(caller, 'clear_table', CLEAR)).toMatchObject({
      kind: 'connectRejected',
      cause: 'rejected',
      message,
    });
    expect(database.sql(caller, 'SELECT * FROM st_client')).toMatchObject({
      kind: 'connectRejected',
      cause: 'rejected',
      message,
    });
  }
  expect(db.logs.slice(logsBefore)).toEqual([]);
  expect(await db.database.sql('SELECT * FROM st_client WHERE connection_id <> 0')).toHaveLength(2);

  alice.disconnect();
  const bob: Caller = { identity: testIdentity('bob'), connectionId: alice.connectionId, jwtPayload: '{}' };
  expect(await database.call(bob, 'clear_table', CLEAR)).toMatchObject({ kind: 'failed', message: 'errno 04' });
});

test('connections of one token may share an id: the module hears of each, and the rows stay until the last is gone', async () => {
  await using db = await openTestDatabase(anyModule({ lifecycle: ['client_connected', 'client_disconnected'] }));
  const { database } = db.database;
  const alice = await db.connect('alice');
  const known = async (): Promise<unknown[]> => {
    const counts = ['st_client', 'st_connection_credentials'].map((table) =>
      db.database.sql(`SELECT COUNT(*) AS n FROM ${table} WHERE connection_id = 1`),
    );
    return (await Promise.all(counts)).map(([row]) => row!['n']);
  };
  const [row] = await db.database.sql('SELECT jwt_payload FROM st_connection_credentials WHERE connection_id = 1');
  const jwtPayload = row!['jwt_payload'] as string;
  const again: Caller = { identity: testIdentity('alice'), connectionId: alice.connectionId, jwtPayload };
  for (let i = 0; i < 2; i++) {
    const logsBefore = db.logs.length;
    expect(await database.call(again, 'clear_table', CLEAR)).toMatchObject({ kind: 'failed', message: 'errno 04' });
    const heard = db.logs.slice(logsBefore).map(({ message }) => message);
    expect(heard).toEqual(['client_connected', 'errno 04', 'client_disconnected']);
    expect(await known()).toEqual([1n, 1n]);
  }

  alice.disconnect();
  expect(await known()).toEqual([0n, 0n]);
});

test('what goes wrong on our side of a connect is not put down to the connection id, and leaves nothing open', async () => {
  await using db = await openTestDatabase(anyModule());
  const { database } = db.database;
  const caller: Caller = {
    identity: testIdentity('bob'),
    connectionId: ConnectionId.fromBigInt(77n),
    jwtPayload: '{}',
  };
  const broken = { ...caller, jwtPayload: undefined as unknown as string };
  await expect(database.call(broken, 'clear_table', CLEAR)).rejects.toMatchObject({ code: 'SATS_INVALID_VALUE' });
  expect(await database.call(caller, 'clear_table', CLEAR)).toMatchObject({ kind: 'failed', message: 'errno 04' });
});
