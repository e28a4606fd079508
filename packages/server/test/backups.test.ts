import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobStore } from '@lightcone/blobs';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { logEnd } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listBackups, pruneBackups } from '../src/copies/backup-list.ts';
import { createBackup } from '../src/copies/create-backup.ts';
import { restore, verifyCopies } from '../src/copies/index.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let work: string;
let location: string;
let server: RunningServer;
let owner: User;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-backups-'));
  location = join(work, 'backups');
});
afterEach(async () => {
  await server.close();
  await rm(work, { recursive: true });
});

async function start(config: string): Promise<void> {
  const dataDir = join(work, 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'config.toml'), config);
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
}

async function addPerson(name: string): Promise<void> {
  const headers = { ...authorization(owner), 'content-type': 'application/json' };
  const body = JSON.stringify([name, 36]);
  const response = await fetch(`${server.url}/v1/database/people/call/add`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

const names = async (url: string): Promise<string[]> =>
  ((await sql(url, 'people', owner, 'SELECT name FROM person')) as [string][]).map(([name]) => name);

/** What is wrong with each copy, by id. */
async function problemsById(): Promise<Map<string, readonly string[]>> {
  const problems = new Map<string, readonly string[]>();
  for await (const one of verifyCopies(new FolderBlobStore(location))) problems.set(one.id, one.problems);
  return problems;
}

function backups(method: 'GET' | 'POST'): Promise<Response> {
  return fetch(`${server.url}/v1/database/people/backups`, { method, headers: authorization(owner) });
}

interface Answer {
  readonly id: string;
  readonly last_tx_offset: number;
}

async function create(): Promise<Answer> {
  const response = await backups('POST');
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

/** Restores a backup, or the latest of all there is, starts a server on it, and asks who is there. */
async function restored(copyId: string | undefined): Promise<string[]> {
  const dataDir = join(work, `from ${copyId ?? 'all'}`);
  const which = copyId === undefined ? {} : { copyId };
  await restore({ store: new FolderBlobStore(location), ...which, target: { kind: 'latest' }, dataDir });
  await using other = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir: work });
  return await names(other.url);
}

describe('a backup', () => {
  test.each([
    { what: 'of a database without snapshots', config: '' },
    { what: 'of one with snapshots and a short log', config: '\n[snapshots]\nevery-mib = 1\nkeep = 1\n' },
  ])('$what, made while transactions go on, has all that were before it', async ({ config }) => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\n${config}`);
    const confirmed: string[] = [];
    let isLoaded = true;
    const load = (async () => {
      for (let i = 0; isLoaded && i < 1000; i++) {
        const name = `${i} ${'x'.repeat(config === '' ? 10 : 100_000)}`;
        await addPerson(name);
        confirmed.push(name);
      }
    })();
    const made: { readonly id: string; readonly before: number; readonly after: number }[] = [];
    try {
      for (let i = 0; i < 3; i++) {
        while (confirmed.length < (i + 1) * 15) await new Promise((done) => setTimeout(done, 5));
        const before = confirmed.length;
        const { id } = await create();
        made.push({ id, before, after: confirmed.length + 1 });
      }
    } finally {
      isLoaded = false;
      await load;
    }

    const found = await listBackups(new FolderBlobStore(location));
    expect(found.map(({ id }) => id).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    expect(await problemsById()).toEqual(new Map(made.map(({ id }) => [id, []])));
    if (config !== '') expect(found.at(-1)?.manifest.snapshot).toBeGreaterThan(0);
    for (const { id, before, after } of made) {
      const there = await restored(id);
      expect(there.length).toBeGreaterThanOrEqual(before);
      expect(there.length).toBeLessThanOrEqual(after);
      // The order of rows in a table is nobody's to rely on.
      expect(there.toSorted()).toEqual(confirmed.slice(0, there.length).toSorted());
    }
  });

  test('that is asked for twice at once is made once', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\n`);
    const [one, two] = await Promise.all([create(), create()]);
    expect(one).toEqual(two);
    const list = (await (await backups('GET')).json()) as { backups: Answer[] };
    expect(list.backups).toEqual([one]);
    const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
    expect(metrics).toMatch(/^lightcone_backup_last_success_timestamp_seconds\{db="[0-9a-f]{64}"\} \d+/m);
  });

  test('goes when there are more than are kept; those that were not finished are none', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\nkeep = 2\n`);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      await addPerson(`person ${i}`);
      ids.push((await create()).id);
    }
    const store = new FolderBlobStore(location);
    expect((await listBackups(store)).map(({ id }) => id)).toEqual(ids.slice(2));
    const [identity] = await readdir(location);
    for await (const { key } of store.list('')) expect(ids.slice(2).some((id) => key.includes(id))).toBe(true);
    await store.delete(`${identity}/${ids[3]}/backup.json`);
    expect((await listBackups(store)).map(({ id }) => id)).toEqual([ids[2]]);
  });

  test('beside an archive, which goes on, is not what the latest state is restored from, and less so an unfinished one', async () => {
    const where = JSON.stringify(location);
    await start(`[backup]\nlocation = ${where}\n[archive]\nlocation = ${where}\n`);
    await addPerson('Ada');
    await create();
    const { id } = await create();
    await addPerson('Bob');
    await server.close();
    const store = new FolderBlobStore(location);
    for await (const { key } of store.list('')) {
      if (key.endsWith(`${id}/backup.json`)) await store.delete(key);
      if (!key.includes('/archive-')) continue;
      // Begun before the backups, however soon the test came to them.
      await store.put(key.replace(/archive-\d+T\d+Z/u, 'archive-20200101T000000Z'), (await store.get(key))!); // it was listed
      await store.delete(key);
    }
    expect((await restored(undefined)).toSorted()).toEqual(['Ada', 'Bob']);
    const unfinished = { store, copyId: id, target: { kind: 'latest' }, dataDir: join(work, 'none') } as const;
    await expect(restore(unfinished)).rejects.toMatchObject({ code: 'SERVER_COPY_MISSING' });
  });

  test('is later than those that were made before it, also when the clock was ahead then', async () => {
    await start('');
    const store = new MemoryBlobStore();
    const path = join(work, 'data', 'replicas', '1');
    const make = async (moment: string): Promise<string> => {
      const clock = {
        nowMicros: () => Date.parse(moment) * 1000,
        randomBytes: (count: number) => new Uint8Array(count),
      };
      await addPerson(`at ${moment}`);
      const files = { fs: new NodeFileSystem(), path, folder: new FolderBlobStore(path) };
      const description = {
        identity: (await (await fetch(`${server.url}/v1/database/people/identity`)).text()).trim(),
        owner: owner.identity,
        names: ['people'],
        initialProgram: 'ab'.repeat(32),
        isLocked: false,
      };
      const end = await logEnd(files.fs, `${path}/clog`);
      return (await createBackup(files, store, end - 1, description, clock)).id;
    };
    const ids = [
      await make('2026-01-01'),
      await make('2099-01-01'),
      await make('2026-01-02'),
      await make('2026-01-03'),
    ];
    const made = await listBackups(store);
    expect(made.map(({ id }) => id)).toEqual(ids);
    const dataDir = join(work, 'latest');
    expect(await restore({ store, target: { kind: 'latest' }, dataDir })).toMatchObject([{ copyId: ids[3] }]);
    expect(await pruneBackups(store, made[0]!.manifest.identity, 2, new Date())).toEqual(ids.slice(0, 2)); // four were made
  });

  test('has an older snapshot, or more of the log, where the newest snapshot is damaged', async () => {
    const config = `[backup]\nlocation = ${JSON.stringify(location)}\n[snapshots]\nevery-transactions = 20\nkeep = 2\n`;
    await start(config);
    const folder = join(work, 'data', 'replicas', '1', 'snapshots');
    const store = new FolderBlobStore(location);
    let added = 0;
    /** Until so many were read again after they were written: one that is damaged before is taken anew. */
    const untilSnapshots = async (count: number): Promise<string[]> => {
      const taken = new RegExp(`^lightcone_snapshots_total\\{.*outcome="taken"\\} ${count}$`, 'm');
      while (!taken.test(await (await fetch(`${server.url}/v1/metrics`)).text())) await addPerson(`person ${added++}`);
      return (await readdir(folder)).filter((name) => name.endsWith('.snapshot')).toSorted();
    };
    const damage = async (name: string): Promise<Buffer> => {
      const good = await readFile(join(folder, name));
      await writeFile(join(folder, name), good.subarray(1));
      return good;
    };
    const madeNow = async (): Promise<number | null> => {
      const { id } = await create();
      const made = (await listBackups(store)).find((backup) => backup.id === id)!; // it was just made
      expect((await problemsById()).get(id)).toEqual([]);
      expect(await restored(id)).toHaveLength(added);
      return made.manifest.snapshot;
    };

    const [first = ''] = await untilSnapshots(1);
    const good = await damage(first);
    expect(await madeNow()).toBeNull();
    await writeFile(join(folder, first), good);
    const [older = '', newest = ''] = await untilSnapshots(2);
    await damage(newest);
    expect(await madeNow()).toBe(Number.parseInt(older, 10));
  });

  test('that was damaged anywhere is told to be', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\n`);
    await addPerson('Ada');
    await create();
    const store = new FolderBlobStore(location);
    const [backup] = await listBackups(store);
    const { manifest, id } = backup!; // it was just made
    expect(manifest.blobs.length).toBeGreaterThanOrEqual(2);
    for (const { key } of manifest.blobs) {
      const path = join(location, manifest.identity, id, key);
      const good = await readFile(path);
      const bad = Buffer.from(good);
      bad[bad.length >> 1]! ^= 1;
      await writeFile(path, bad);
      expect((await problemsById()).get(id)).toEqual([`${key} does not have its checksum`]);
      await writeFile(path, good.subarray(1));
      expect((await problemsById()).get(id)).toHaveLength(1);
      await rm(path);
      expect((await problemsById()).get(id)).toEqual([`${key} is missing`]);
      await writeFile(path, good);
    }
    const manifestPath = join(location, manifest.identity, id, 'backup.json');
    const text = await readFile(manifestPath, 'utf8');
    await writeFile(manifestPath, text.replace('"lastTxOffset":', '"lastTxOffset":1'));
    expect(await listBackups(store)).toEqual([]);
    const problem = expect.stringMatching(/backup\.json: it does not have the checksum that it ends with$/u) as string;
    expect(await problemsById()).toEqual(new Map([[id, [problem]]]));
    // It hinders no other, and is left for people to look at.
    const next = await create();
    expect((await listBackups(store)).map((one) => one.id)).toEqual([next.id]);
    expect(await readFile(manifestPath, 'utf8')).not.toBe(text);

    // Neither does one that says no more whose it is keep a good one from being among the newest.
    const last = await create();
    await rm(join(location, manifest.identity, last.id, 'database.json'));
    expect(await pruneBackups(store, manifest.identity, 1, new Date())).toEqual([]);
    expect((await listBackups(store)).map((one) => one.id)).toEqual([next.id]);
  });

  test('that retention removes while it is read is not told of', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\n`);
    const gone = await create();
    const store = new FolderBlobStore(location);
    const [backup] = await listBackups(store);
    let removed: Promise<unknown> | undefined;
    const changing = new FaultyBlobStore(store, (operation, key) => {
      if (operation !== 'get' || !key.includes(gone.id) || key.endsWith('.json')) return undefined;
      removed ??= create().then(() => pruneBackups(store, backup!.manifest.identity, 1, new Date()));
      return { kind: 'wait', until: removed.then(() => {}) };
    });
    const ids: string[] = [];
    for await (const { id, problems } of verifyCopies(changing)) {
      ids.push(id);
      expect(problems).toEqual([]);
    }
    expect(ids).not.toContain(gone.id);
    expect(removed).toBeDefined();
  });

  test('that fails says so, without a word of where backups are kept', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\n`);
    await rm(location, { recursive: true });
    await writeFile(location, 'in the way');
    const response = await backups('POST');
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("The backup failed (BLOB_KEY_CONFLICT). The server's log says why.");
    await addPerson('Ada');
    expect(await names(server.url)).toEqual(['Ada']);
  });

  test('that fails, wherever it does, leaves nothing behind that takes room', async () => {
    await start('');
    await addPerson('Ada');
    await server.close();
    const path = join(work, 'data', 'replicas', '1');
    const files = { fs: new NodeFileSystem(), path, folder: new FolderBlobStore(path) };
    const end = await logEnd(files.fs, `${path}/clog`);
    const identity = 'cd'.repeat(32);
    const description = {
      identity,
      owner: owner.identity,
      names: [],
      initialProgram: 'ab'.repeat(32),
      isLocked: false,
    };
    const clock = { nowMicros: () => 0, randomBytes: (count: number) => new Uint8Array(count) };
    let failures = 0;
    for (let successes = 0; ; successes++) {
      const blobs = new MemoryBlobStore();
      let puts = 0;
      const store = new FaultyBlobStore(blobs, (operation) =>
        operation.startsWith('put') && puts++ === successes ? { kind: 'after' } : undefined,
      );
      const made = await createBackup(files, store, end - 1, description, clock).catch(() => undefined);
      const keys: string[] = [];
      for await (const { key } of blobs.list('')) keys.push(key);
      if (made !== undefined) {
        expect(keys.length).toBeGreaterThan(2);
        break;
      }
      failures++;
      expect(keys).toEqual([]);
    }
    expect(failures).toBeGreaterThan(2);
  });

  test('is made by itself when it is due, also when the clock is set back', async () => {
    await start(`[backup]\nlocation = ${JSON.stringify(location)}\nevery = "1s"\nkeep = 100\n`);
    let made: Answer[] = [];
    using clock = vi.spyOn(Date, 'now');
    const now = performance.timeOrigin;
    while (made.length < 3) {
      if (made.length === 1) clock.mockImplementation(() => now + performance.now() - 86_400_000);
      await new Promise((done) => setTimeout(done, 50));
      ({ backups: made } = (await (await backups('GET')).json()) as { backups: Answer[] });
    }
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  });
});
