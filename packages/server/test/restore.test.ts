import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlobStore, MemoryBlobStore } from '@lightcone/blobs';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { CommitLog, readCommits } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlDatabase } from '../src/control/control-database.ts';
import { writeManifest } from '../src/copies/backup-manifest.ts';
import { DatabaseCopy } from '../src/copies/database-copy.ts';
import { restore } from '../src/copies/index.ts';
import type { RestoredDatabase, RestoreTarget } from '../src/copies/index.ts';
import { startServer } from '../src/index.ts';
import { verifyDataDirectory } from '../src/verification/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let work: string;
let store: BlobStore;
let owner: User;
let identity: string;
/** What was in the table after each call, and when that was known. */
const states: { readonly names: string[]; readonly atMicros: number }[] = [];
let count = 0;

const nowMicros = (): number => Date.now() * 1000;
const tick = (): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, 5);
  });

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-restore-'));
  const dataDir = join(work, 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'config.toml'), '[archive]\ninterval = "30ms"\n');
  const archive = join(work, 'archive');
  store = new FolderBlobStore(archive);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive, keyDir: work });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'other', owner, programs.test);
  const response = await fetch(`${server.url}/v1/database/people/identity`);
  identity = await response.text();
  const names: string[] = [];
  for (let i = 0; i < 12; i++) {
    names.push(`name ${i}`);
    if (i % 3 === 2) {
      // No reducer, so nothing in the log says when it was.
      await sql(server.url, 'people', owner, `INSERT INTO person (id, name, age) VALUES (${1000 + i}, 'name ${i}', 1)`);
    } else {
      const headers = { ...authorization(owner), 'content-type': 'application/json' };
      const body = JSON.stringify([`name ${i}`, i]);
      const call = await fetch(`${server.url}/v1/database/people/call/add`, { method: 'POST', headers, body });
      expect(call.status).toBe(200);
    }
    await tick();
    states.push({ names: [...names], atMicros: nowMicros() });
    await tick();
  }
});
afterAll(() => rm(work, { recursive: true }));

interface Outcome {
  readonly names: string[];
  readonly restored: RestoredDatabase;
}

/** Restores, starts a server on what was restored, and asks it. */
async function restoredAt(target: RestoreTarget, from = store): Promise<Outcome> {
  const dataDir = join(work, `restored ${count++}`);
  const [restored] = await restore({ store: from, database: 'people', target, dataDir });
  expect(await readdir(join(dataDir, 'replicas', '1'))).toEqual(['clog']);
  expect((await verifyDataDirectory(dataDir, { keyDir: work })).findings).toEqual([]);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
  const rows = (await sql(server.url, 'people', owner, 'SELECT name FROM person')) as [string][];
  return { names: rows.map(([name]) => name).toSorted(byNumber), restored: restored! }; // one database was asked for
}

const byNumber = (a: string, b: string): number => Number(a.slice(5)) - Number(b.slice(5));

describe('a database that is restored', () => {
  test('to the end has everything, and is who it was', async () => {
    const { names, restored } = await restoredAt({ kind: 'latest' });
    expect(names).toEqual(states.at(-1)!.names); // there are twelve
    expect(restored.description).toMatchObject({ identity, owner: owner.identity, names: ['people'] });
  });

  test('to any moment has what was there then', async () => {
    for (const { names, atMicros } of [states[1]!, states[2]!, states[7]!]) {
      expect((await restoredAt({ kind: 'time', micros: atMicros })).names).toEqual(names);
    }
  });

  test('to a transaction has what was there then, whatever commit it is in', async () => {
    const { lastTxOffset } = (await restoredAt({ kind: 'latest' })).restored;
    let last: string[] = [];
    for (let txOffset = 1; txOffset <= lastTxOffset; txOffset += 9) {
      const { names, restored } = await restoredAt({ kind: 'offset', txOffset });
      expect(restored.lastTxOffset).toBe(txOffset);
      expect(states.at(-1)!.names.slice(0, names.length)).toEqual(names); // a state that was
      expect(names.length).toBeGreaterThanOrEqual(last.length);
      last = names;
    }
    expect(last.length).toBeGreaterThan(5);
  });

  test('to a moment reads on up to a later transaction, however late the log was archived, and no further', async () => {
    const { names, atMicros } = states[2]!; // there are twelve
    const late = new FolderBlobStore(join(work, `archived late ${count++}`));
    const lateMicros = states.at(-1)!.atMicros + 3_600_000_000;
    let lastPiece = '';
    for await (const { key } of store.list(`${identity}/`)) {
      const bytes = (await store.get(key))!; // it was listed
      const isPiece = key.endsWith('.piece');
      await late.put(key, isPiece ? await cutAt(bytes, lateMicros) : bytes);
      if (isPiece) lastPiece = key;
    }
    const read: string[] = [];
    const counting = new FaultyBlobStore(late, (operation, key) => {
      if (operation === 'get') read.push(key);
      return undefined;
    });
    expect((await restoredAt({ kind: 'time', micros: atMicros }, counting)).names).toEqual(names);
    // Its header says how late the copy is.
    expect(read.filter((key) => key === lastPiece)).toHaveLength(1);
  });

  test('from a backup of several pieces to a moment of the first ones needs no more than these', async () => {
    const { names, atMicros } = states[2]!; // there are twelve
    const { lastTxOffset } = (await restoredAt({ kind: 'latest' })).restored;
    const backups = new FolderBlobStore(join(work, `backups ${count++}`));
    const backup = DatabaseCopy.begin(backups, identity, 'backup', new Date(), new Uint8Array(4));
    for await (const { key } of store.list(`${identity}/`)) {
      await backup.blobs.put(key.split('/').slice(2).join('/'), (await store.get(key))!); // it was listed
    }
    const finishedAt = new Date().toISOString();
    await writeManifest(backup, {
      identity,
      finishedAt,
      ordinal: 1,
      firstTxOffset: 0,
      lastTxOffset,
      snapshot: null,
      blobs: [],
    });
    expect((await restoredAt({ kind: 'time', micros: atMicros }, backups)).names).toEqual(names);
  });

  test('from an older copy has nothing beside it of a later one that did not reach so far', async () => {
    const copied = join(work, 'archive with a short copy');
    await cp(join(work, 'archive'), copied, { recursive: true });
    const [older] = (await readdir(join(copied, identity))) as [string];
    const later = 'archive-20990101T000000Z-00000000';
    await cp(join(copied, identity, older), join(copied, identity, later), { recursive: true });
    const log = new FolderBlobStore(join(copied, identity, later, 'log'));
    const [first, ...others] = (await readdir(join(copied, identity, later, 'log'))).toSorted() as [
      string,
      ...string[],
    ];
    for (const piece of others) await log.delete(piece);
    await log.put(first, await cutAt((await log.get(first))!, nowMicros() + 1_000_000)); // it is there
    const { lastTxOffset } = (await restoredAt({ kind: 'latest' })).restored;
    const asked: string[] = [];
    const dataDir = join(work, 'from the older copy');
    const [restored] = await restore({
      store: new FolderBlobStore(copied),
      database: identity,
      target: { kind: 'offset', txOffset: lastTxOffset },
      dataDir,
      onDatabase: (_, copyId) => asked.push(copyId),
    });
    expect(asked).toEqual([later, older]);
    expect(restored).toMatchObject({ copyId: older, lastTxOffset });
    expect(await readdir(join(dataDir, 'replicas'))).toHaveLength(1);
  });
});

describe('what cannot be restored', () => {
  test.each<{ what: string; target: RestoreTarget; code: string; message: string }>([
    {
      what: 'a later transaction',
      target: { kind: 'offset', txOffset: 9999 },
      code: 'SERVER_RESTORE_FAILED',
      message: 'it ends with',
    },
    {
      what: 'an earlier moment',
      target: { kind: 'time', micros: 1 },
      code: 'SERVER_NOT_THERE_YET',
      message: 'was not there yet',
    },
  ])('$what is told, and nothing is written', async ({ target, code, message }) => {
    const dataDir = join(work, `refused ${count++}`);
    await expect(restore({ store, database: 'people', target, dataDir })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    expect((await readdir(work)).filter((name) => name.includes('refused'))).toEqual([]);
  });

  test.each([
    { database: 'nobody', message: /^there is no copy of the database nobody; there are copies of .*people/ },
    { database: 'c2'.repeat(32), message: /^there is no copy of the database (c2){32}$/ },
    {
      database: 'people',
      copyId: 'archive-x',
      message: /^there is no copy of the database people with the id archive-x$/,
    },
  ])('$database $copyId is not there', async ({ message, ...which }) => {
    const dataDir = join(work, `refused ${count++}`);
    await expect(restore({ store, ...which, target: { kind: 'latest' }, dataDir })).rejects.toMatchObject({
      code: 'SERVER_COPY_MISSING',
      message: expect.stringMatching(message) as string,
    });
  });

  test('an archive whose server was ended before anything was in it is none', async () => {
    const begun = new MemoryBlobStore();
    const copy = DatabaseCopy.begin(begun, identity, 'archive', new Date(), new Uint8Array(4));
    const program = '00'.repeat(32);
    await copy.describe({ identity, owner: identity, names: ['people'], initialProgram: program, isLocked: false });
    const options = { store: begun, target: { kind: 'latest' }, dataDir: join(work, 'refused') } as const;
    await expect(restore(options)).rejects.toMatchObject({ code: 'SERVER_COPY_MISSING' });
  });

  test('one transaction of several databases is refused', async () => {
    const options = { store, target: { kind: 'offset', txOffset: 1 }, dataDir: join(work, 'refused') } as const;
    await expect(restore(options)).rejects.toMatchObject({ code: 'SERVER_RESTORE_FAILED' });
  });

  test('a data directory that has something in it is left alone', async () => {
    const dataDir = join(work, 'mine');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'precious'), 'x');
    await expect(restore({ store, target: { kind: 'latest' }, dataDir })).rejects.toMatchObject({
      code: 'SERVER_DATA_DIR_UNUSABLE',
    });
    expect(await readdir(dataDir)).toEqual(['precious']);
  });

  test('is what was damaged anywhere: told, and not started from', async () => {
    const keys: string[] = [];
    for await (const { key } of store.list(`${identity}/`)) keys.push(key);
    const pieces = keys.filter((key) => key.endsWith('.piece'));
    expect(pieces.length).toBeGreaterThan(2);
    for (const key of [pieces[0]!, pieces[1]!, pieces.at(-1)!, keys.find((name) => name.endsWith('.json'))!]) {
      const faulty = new FaultyBlobStore(store, (operation, of) =>
        operation === 'get' && of === key ? { kind: 'damage', at: 60 } : undefined,
      );
      const dataDir = join(work, `refused ${count++}`);
      const options = { store: faulty, database: identity, target: { kind: 'latest' }, dataDir } as const;
      await expect(restore(options)).rejects.toMatchObject({
        code: expect.stringMatching(/^(ARCHIVE|SERVER_COPY)_DAMAGED$/) as string,
      });
    }
    expect((await readdir(work)).filter((name) => name.includes('refused'))).toEqual([]);
  });

  test('is one of which a piece is missing', async () => {
    const pieces: string[] = [];
    for await (const { key } of store.list(`${identity}/`)) if (key.endsWith('.piece')) pieces.push(key);
    const gap = pieces[1]!; // there are more than two
    const gone = { list: withoutKey(store, gap), get: store.get.bind(store) } as unknown as BlobStore;
    const options = {
      store: gone,
      database: identity,
      target: { kind: 'latest' },
      dataDir: join(work, 'refused'),
    } as const;
    await expect(restore(options)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  });

  test('is a copy whose checksums are all right and whose records cannot be replayed', async () => {
    const forged = join(work, 'forged');
    await cp(join(work, 'archive'), forged, { recursive: true });
    const options = { store: new FolderBlobStore(forged), database: identity, target: { kind: 'latest' } } as const;
    const dataDir = join(work, 'before the forgery');
    const [{ copyId, lastTxOffset }] = (await restore({ ...options, dataDir })) as [RestoredDatabase];
    const fs = new NodeFileSystem();
    const folder = join(dataDir, 'replicas', '1');
    {
      await using log = await CommitLog.open(fs, folder);
      log.append(new Uint8Array(40).fill(0xff), 0, 40);
      await log.sync();
    }
    const firstTxOffset = lastTxOffset + 1;
    const run = await readCommits(fs, join(folder, 'clog'), { txOffset: firstTxOffset }, firstTxOffset + 1, 1);
    const { log } = new DatabaseCopy(options.store, { identity, id: copyId });
    await log.add({ ...run!, cutAtMicros: nowMicros(), times: [] }); // it was appended
    await expect(restore({ ...options, dataDir: join(work, 'refused') })).rejects.toMatchObject({
      code: 'SERVER_COPY_DAMAGED',
      message: expect.stringContaining(`${firstTxOffset}`) as string,
    });
    expect(await readdir(work)).not.toContain('refused');
    const target = { kind: 'offset', txOffset: lastTxOffset } as const;
    const [before] = await restore({ ...options, target, dataDir: join(work, 'to before the forgery') });
    expect(before).toMatchObject({ lastTxOffset });
  });
});

test('without a name all databases are restored', async () => {
  const dataDir = join(work, 'all');
  const restored = await restore({ store, target: { kind: 'latest' }, dataDir });
  expect(restored.flatMap(({ description }) => description.names).toSorted()).toEqual(['other', 'people']);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
  expect(await sql(server.url, 'people', owner, 'SELECT name FROM person')).toHaveLength(12);
  expect((await fetch(`${server.url}/v1/database/other/identity`)).status).toBe(200);
});

test('of all databases at a moment, those come back that were there', async () => {
  const archive = join(work, 'archive of two');
  let beforeSecond = 0;
  {
    const dataDir = join(work, 'two');
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive, keyDir: work });
    await publish(server.url, 'first', owner, programs.person);
    await tick();
    beforeSecond = nowMicros();
    await tick();
    await publish(server.url, 'second', owner, programs.person);
  }
  const from = new FolderBlobStore(archive);
  const leftOut: string[] = [];
  const restored = await restore({
    store: from,
    target: { kind: 'time', micros: beforeSecond },
    dataDir: join(work, 'one of two'),
    onLeftOut: ({ names }) => leftOut.push(...names),
  });
  expect(restored.map(({ description }) => description.names)).toEqual([['first']]);
  expect(leftOut).toEqual(['second']);
  const never = { store: from, target: { kind: 'time', micros: 1 }, dataDir: join(work, 'none of two') } as const;
  await expect(restore(never)).rejects.toMatchObject({ code: 'SERVER_NOT_THERE_YET' });
});

test('a name that two databases had is that of the one that was there later, and this is told', async () => {
  const dataDir = join(work, 'named');
  const archive = join(work, 'archive of names');
  const [first, second] = ['1', '2'].map((digit) => digit.repeat(64)) as [string, string];
  {
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive, keyDir: work });
    await publish(server.url, first, owner, programs.person);
    await publish(server.url, second, owner, programs.person);
  }
  // As it is when one was renamed, and copied for the last time before that.
  const copied = new FolderBlobStore(archive);
  for await (const { key } of copied.list('')) {
    const bytes = (await copied.get(key))!; // it was listed
    if (key.endsWith('/database.json')) await copied.put(key, renamed(bytes, 'shared'));
    if (key.startsWith(first) && key.endsWith('.piece')) await copied.put(key, await cutAt(bytes, 1));
  }
  const target = join(work, 'with one name');
  const restored = await restore({ store: copied, target: { kind: 'latest' }, dataDir: target });
  const lost = restored.map(({ description, lostNames }) => [description.identity, lostNames]);
  expect(lost).toEqual([
    [second, []],
    [first, ['shared']],
  ]);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: target, keyDir: work });
  expect(await (await fetch(`${server.url}/v1/database/shared/identity`)).text()).toBe(second);
});

describe('into a data directory that has databases', () => {
  /** A server's data directory with a database of its own, `mine`, and `people` as restored to a moment. */
  async function inUse(name: string, target: RestoreTarget = { kind: 'latest' }): Promise<string> {
    const dataDir = join(work, name);
    {
      await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
      await publish(server.url, 'mine', owner, programs.test);
    }
    const [restored] = await restore({ store, database: 'people', target, dataDir });
    expect(restored).toMatchObject({ lostNames: [], formerFolder: undefined });
    return dataDir;
  }

  const people = (url: string): Promise<unknown[]> => sql(url, 'people', owner, 'SELECT name FROM person');

  test('a database comes beside the others', async () => {
    const dataDir = await inUse('beside');
    expect((await verifyDataDirectory(dataDir, { keyDir: work })).findings).toEqual([]);
    expect((await readdir(dataDir)).filter((name) => name.endsWith('.new'))).toEqual([]);
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
    expect(await people(server.url)).toHaveLength(12);
    expect((await fetch(`${server.url}/v1/database/mine/identity`)).status).toBe(200);
  });

  test('one that is there stays as it is unless it is to be replaced, and goes on under its present names', async () => {
    const dataDir = await inUse('replaced');
    const again = {
      store,
      database: 'people',
      target: { kind: 'time', micros: states[4]!.atMicros },
      dataDir,
    } as const;
    await expect(restore(again)).rejects.toMatchObject({
      code: 'SERVER_RESTORE_FAILED',
      message: expect.stringContaining('--replace') as string,
    });
    {
      await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
      expect(await people(server.url)).toHaveLength(12);
      const headers = { ...authorization(owner), 'content-type': 'application/json' };
      const names = { method: 'PUT', headers, body: JSON.stringify(['folk']) };
      expect((await fetch(`${server.url}/v1/database/people/names`, names)).status).toBe(200);
    }
    const [restored] = await restore({ ...again, replace: true });
    const former = restored!.formerFolder!; // it was there
    expect(await readdir(former)).toContain('clog');
    const { findings } = await verifyDataDirectory(dataDir, { keyDir: work });
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'REPLICA_ORPHANED', message: expect.stringContaining('--replace') as string },
    ]);
    await rm(former, { recursive: true });
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
    expect(await sql(server.url, 'folk', owner, 'SELECT name FROM person')).toHaveLength(5);
    expect((await fetch(`${server.url}/v1/database/people/identity`)).status).toBe(404);
  });

  test('a locked one is not replaced', async () => {
    const dataDir = await inUse('locked');
    const control = new ControlDatabase(join(dataDir, 'control.sqlite'));
    control.setLocked(identity, true);
    control.close();
    const options = { store, database: 'people', target: { kind: 'latest' }, dataDir, replace: true } as const;
    for (const replace of [true, false]) {
      await expect(restore({ ...options, replace })).rejects.toMatchObject({
        message: expect.stringMatching(
          /locked, .*`spacetime unlock c200.*with --replace; or choose another/u,
        ) as string,
      });
    }
  });

  test('nothing of it changes when one of the copies is damaged', async () => {
    const dataDir = await inUse('unharmed');
    const before = (await readdir(dataDir, { recursive: true })).toSorted();
    const faulty = new FaultyBlobStore(store, (operation, of) =>
      operation === 'get' && of.endsWith('.piece') && !of.startsWith(identity) ? { kind: 'damage', at: 60 } : undefined,
    );
    const options = { store: faulty, target: { kind: 'latest' }, dataDir, replace: true } as const;
    await expect(restore(options)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    expect((await readdir(dataDir, { recursive: true })).toSorted()).toEqual(before);
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
    expect(await people(server.url)).toHaveLength(12);
  });

  test('a running server keeps its data directory', async () => {
    const dataDir = join(work, 'running');
    await using _server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
    const options = { store, database: 'people', target: { kind: 'latest' }, dataDir } as const;
    await expect(restore(options)).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_LOCKED' });
  });
});

function renamed(description: Uint8Array, name: string): Uint8Array {
  const text = new TextDecoder().decode(description);
  return new TextEncoder().encode(text.replace('"names":[]', `"names":[${JSON.stringify(name)}]`));
}

/** A piece that says of itself that it was cut at a moment. */
async function cutAt(piece: Uint8Array, micros: number): Promise<Uint8Array> {
  const bytes = Buffer.from(piece);
  bytes.writeBigUInt64LE(BigInt(micros), 28);
  const end = bytes.length - 32;
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, end))), end);
  return bytes;
}

function withoutKey(of: BlobStore, gap: string): BlobStore['list'] {
  return async function* (prefix, after) {
    for await (const blob of of.list(prefix, after)) if (blob.key !== gap) yield blob;
  };
}
