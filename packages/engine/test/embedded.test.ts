// The engine inside a program of somebody else: folders, modules that change, and everything in the wrong order.
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Identity, types } from '@lightcone/sats';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rawTable } from '../../schema/test/raw-modules.ts';
import type { EmbeddedDatabase } from '../src/embedded/embedded-database.ts';
import type { Session } from '../src/embedded/session.ts';
import { Lightcone } from '../src/node.ts';
import { openTestDatabase } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';

const chat = modulePath('quickstart-chat');
const ann = Identity.fromClaims('test', 'ann');

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lightcone-embedded-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

test('what was said is there when the folder is opened again', async () => {
  const first = await Lightcone.open({ module: chat, dataDir });
  const session = await first.connect(ann);
  await session.call('send_message', 'hello');
  await first.close();
  await using second = await Lightcone.open({ module: chat, dataDir });
  expect(await second.sql('SELECT text FROM message')).toEqual([{ text: 'hello' }]);
});

test('a folder whose snapshots cannot be read is not kept locked', async () => {
  await (await Lightcone.open({ module: chat, dataDir })).close();
  const snapshots = join(dataDir, 'snapshots');
  await rm(snapshots, { recursive: true, force: true });
  await symlink(snapshots, snapshots); // round and round
  await expect(Lightcone.open({ module: chat, dataDir })).rejects.toThrow('ELOOP');
  await rm(snapshots);
  await (await Lightcone.open({ module: chat, dataDir })).close();
});

test('without a folder nothing is written', async () => {
  const before = process.cwd();
  process.chdir(dataDir);
  try {
    await using db = await Lightcone.open({ module: chat });
    await (await db.connect(ann)).call('send_message', 'hello');
    expect(await readdir('.')).toEqual([]);
  } finally {
    process.chdir(before);
  }
});

test('a folder is open once at a time', async () => {
  await using _ = await Lightcone.open({ module: chat, dataDir });
  await expect(Lightcone.open({ module: chat, dataDir })).rejects.toMatchObject({ code: 'LOG_LOCKED' });
});

test.each([
  { what: 'of a server', names: ['metadata.toml', 'config.toml', 'control.sqlite', 'replicas'] },
  { what: 'of a server that has made nothing yet', names: ['metadata.toml', 'config.toml', 'control.sqlite'] },
  { what: 'of a server that lost a file', names: ['config.toml', 'control.sqlite', 'replicas'] },
  { what: 'of SpacetimeDB', names: ['metadata.toml', 'control-db', 'replicas'] },
])('the data directory $what is refused, and nothing is written to it', async ({ names }) => {
  for (const name of names) await writeFile(join(dataDir, name), '');
  await expect(Lightcone.open({ module: chat, dataDir })).rejects.toMatchObject({
    code: 'ENGINE_DATA_DIR_UNUSABLE',
    message: expect.stringContaining(`${dataDir} is the data directory of a server`) as string,
  });
  expect((await readdir(dataDir)).toSorted()).toEqual(names.toSorted());
});

test('a folder with files of a program is as good as another, and stays so when it has a database', async () => {
  await writeFile(join(dataDir, 'metadata.toml'), '');
  await (await Lightcone.open({ module: chat, dataDir })).close();
  await writeFile(join(dataDir, 'control.sqlite'), '');
  await using db = await Lightcone.open({ module: chat, dataDir });
  expect(await db.sql('SELECT text FROM message')).toEqual([]);
});

test('a module that does not fit the data, or is none, leaves the folder free for the right one', async () => {
  await (await Lightcone.open({ module: chat, dataDir })).close();
  await expect(Lightcone.open({ module: modulePath('person'), dataDir })).rejects.toMatchObject({
    code: 'ENGINE_UPDATE_REJECTED',
  });
  await expect(Lightcone.open({ module: new Uint8Array(8), dataDir })).rejects.toMatchObject({ code: 'HOST_NOT_WASM' });
  await (await Lightcone.open({ module: chat, dataDir })).close();
});

test('a transaction of very many rows reaches a subscription whole', async () => {
  await using db = await Lightcone.open({ module: modulePath('items') });
  const session = await db.connect(ann);
  const items = await session.subscribe('SELECT * FROM item');
  const changed = new Promise<number>((resolve) => items.onChange(([change]) => resolve(change?.inserts.length ?? 0)));
  await session.call('insert_items', 0n, 150_000n);
  expect(await changed).toBe(150_000);
  expect(items.rows('item')).toHaveLength(150_000);
});

test('what a listener of the program throws, the program hears of, and the database goes on', async () => {
  const uncaught = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
  const fail = (): never => {
    throw new Error('a mistake of the program');
  };
  await using db = await Lightcone.open({ module: modulePath('person'), onLog: fail });
  const session = await db.connect(ann);
  const people = await session.subscribe('SELECT * FROM person');
  people.onChange(fail);
  await session.call('add', 'Ann', 33);
  await session.call('say_hello'); // it logs
  expect(people.rows('person')).toHaveLength(1);
  expect(uncaught.mock.calls.length).toBeGreaterThan(2);
  for (const [callback] of uncaught.mock.calls) expect(callback).toThrow('a mistake of the program');
  uncaught.mockRestore();
});

test('a subscription that the database ends says so, and shows no rows that are not kept up to date', async () => {
  const version = (tableAccess: 'Public' | 'Private'): Uint8Array =>
    anyModule({
      typespace: [types.product([['id', types.u8]])],
      types: [{ scope: [], name: 'Row', ref: 0, customOrdering: true }],
      tables: [rawTable({ name: 'item', tableAccess })],
    });
  await using test = await openTestDatabase(version('Public'));
  const session = await test.connect('ann');
  const items = await session.subscribe('SELECT * FROM item');
  expect(items.rows('item')).toEqual([]);
  test.database.database.update(version('Private'), false);
  await test.clock.advance(0);
  const error = await items.ended;
  expect(error).toMatchObject({
    code: 'ENGINE_QUERY_FAILED',
    message: expect.stringContaining('no such table: `item`'),
  });
  expect(() => items.rows('item')).toThrow(error);
});

test.each([
  { way: 'its session disconnects', end: async (_: EmbeddedDatabase, session: Session) => session.disconnect() },
  { way: 'the database is closed', end: (db: EmbeddedDatabase) => db.close() },
])('a subscription says that it has ended when $way, and shows no rows any more', async ({ end }) => {
  await using db = await Lightcone.open({ module: chat });
  const session = await db.connect(ann);
  const [users, messages] = [
    await session.subscribe('SELECT * FROM user'),
    await session.subscribe('SELECT * FROM message'),
  ];
  await session.call('send_message', 'hello');
  await users.unsubscribe();
  await end(db, session);
  const error = await messages.ended;
  expect(error).toMatchObject({ code: 'ENGINE_CLOSED' });
  expect(() => messages.rows('message')).toThrow(error);
  expect(users.rows('user'), 'of one that was ended before').toHaveLength(1);
});

test('a session that comes too late is refused, and closing again is still harmless', async () => {
  const db = await Lightcone.open({ module: chat });
  const session = await db.connect(ann);
  await db.close();
  await expect(db.connect(ann)).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  await expect(session.call('send_message', 'hello')).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  await db.close();
});

test('what the network of the program fails with, the module hears of, and the database goes on', async () => {
  const outgoingHttp = { send: () => Promise.reject(new TypeError('fetch failed')) };
  await using db = await Lightcone.open({ module: modulePath('procedures'), outgoingHttp });
  const session = await db.connect(ann);
  for (let i = 0; i < 2; i++) {
    const answer = await session.callProcedure('fetch', 'http://x/').catch((error: unknown) => error);
    expect(JSON.stringify(answer instanceof Error ? answer.message : answer)).toContain('fetch failed');
  }
});

function modulePath(name: string): string {
  return fileURLToPath(new URL(`../../../modules/${name}/${name}.wasm`, import.meta.url));
}
