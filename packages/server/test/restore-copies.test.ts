import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { visitCommits } from '@lightcone/commitlog';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readManifest, writeManifest } from '../src/copies/backup-manifest.ts';
import { DatabaseCopy } from '../src/copies/database-copy.ts';
import { restore } from '../src/copies/index.ts';
import type { RestoredDatabase, RestoreTarget } from '../src/copies/index.ts';
import { startServer } from '../src/index.ts';
import { authorization, newUser, programs, publish } from './fixtures.ts';

let work: string;
/** An archive of two databases and a backup of one of them, whole. */
let whole: string;
let store: string;
let people: string;
let other: string;
/** When the table had 20 rows, in µs since 1970. */
let halfwayMicros: number;
let count = 0;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-restore-copies-'));
  const dataDir = join(work, 'data');
  whole = join(work, 'whole');
  await mkdir(dataDir);
  const config =
    '[archive]\ninterval = "30ms"\n[snapshots]\nevery-transactions = 10\n[commitlog]\nmax-segment-size = 4096\n';
  await writeFile(join(dataDir, 'config.toml'), `${config}[backup]\nlocation = ${JSON.stringify(whole)}\n`);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive: whole, keyDir: work });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'other', owner, programs.person);
  const identityOf = async (name: string): Promise<string> =>
    (await fetch(`${server.url}/v1/database/${name}/identity`)).text();
  people = await identityOf('people');
  other = await identityOf('other');
  const headers = { ...authorization(owner), 'content-type': 'application/json' };
  const add = async (name: string): Promise<void> => {
    const url = `${server.url}/v1/database/people/call/add`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify([name, 1]) });
    expect(response.status, await response.text()).toBe(200);
  };
  for (let i = 0; i < 40; i++) {
    await add(`${'x'.repeat(500)} ${i}`);
    if (i !== 19) continue;
    halfwayMicros = Date.now() * 1000;
    while (Date.now() * 1000 < halfwayMicros + 5000) await new Promise((resolve) => setImmediate(resolve));
  }
  const backup = await fetch(`${server.url}/v1/database/people/backups`, { method: 'POST', headers });
  expect(backup.status).toBe(200);
  await add('the last one, in the archive alone');
});
afterAll(() => rm(work, { recursive: true }));
beforeEach(async () => {
  store = join(work, `store ${count++}`);
  await cp(whole, store, { recursive: true });
});

/** Of a commit's first record from its beginning. */
const COMMIT_HEADER_BYTES = 22;
const NEWER = '20990101T000000Z-00000000';

async function copiesOf(identity: string): Promise<{ readonly archive: string; readonly backup: string | undefined }> {
  const ids = await readdir(join(store, identity));
  const find = (kind: string): string | undefined => ids.find((id) => id.startsWith(kind) && !id.endsWith(NEWER));
  return {
    archive: join(store, identity, find('archive')!),
    backup: find('backup') && join(store, identity, find('backup')!),
  };
}

/** The copy of `people` in a folder of the store. */
function copyAt(folder: string): DatabaseCopy {
  return new DatabaseCopy(new FolderBlobStore(store), { identity: people, id: basename(folder) });
}

function restored(
  which: { readonly database?: string; readonly copyId?: string } = {},
  target: RestoreTarget = { kind: 'latest' },
): Promise<RestoredDatabase[]> {
  const dataDir = join(work, `data ${count++}`);
  return restore({ store: new FolderBlobStore(store), ...which, target, dataDir });
}

test('no snapshot of a later moment is used for an earlier one', async () => {
  const { archive } = await copiesOf(people);
  const snapshots = (await readdir(join(archive, 'snapshots'))).filter((name) => name.endsWith('.snapshot'));
  const [database] = await restored({ database: people }, { kind: 'time', micros: halfwayMicros });
  expect(database?.tables).toEqual(expect.arrayContaining([{ name: 'person', rows: 20 }]));
  expect(Number.parseInt(snapshots.toSorted().at(-1)!, 10)).toBeGreaterThan(database!.lastTxOffset);
});

test('a copy that was just begun hides no older one', async () => {
  const { archive } = await copiesOf(people);
  await cp(join(archive, 'snapshots'), join(store, people, `archive-${NEWER}`, 'snapshots'), { recursive: true });
  const databases = await restored();
  expect(databases.map(({ description }) => description.identity).toSorted()).toEqual([people, other].toSorted());
});

test('half a backup is none', async () => {
  const { archive, backup } = await copiesOf(people);
  await rm(archive, { recursive: true });
  await cp(backup!, join(store, people, `backup-${NEWER}`), { recursive: true });
  await rm(join(store, people, `backup-${NEWER}`, 'backup.json'));
  const [database] = await restored({ database: people });
  expect(backup).toContain(database!.copyId); // one was asked for
});

test.each(['archive', 'backup'] as const)('a log that ends before its snapshot is damage: %s', async (kind) => {
  const copy = (await copiesOf(people))[kind]!;
  const pieces = (await readdir(join(copy, 'log'))).toSorted();
  const snapshots = (await readdir(join(copy, 'snapshots'))).filter((name) => name.endsWith('.snapshot'));
  const newest = Number.parseInt(snapshots.toSorted().at(-1)!, 10);
  // Of a backup the first one goes too if there is no other.
  const late = pieces.filter((piece) => Number.parseInt(piece, 10) >= newest - 8);
  for (const piece of late) await rm(join(copy, 'log', piece));
  await expect(restored({ database: people, copyId: copy.split('/').at(-1)! })).rejects.toMatchObject({
    code: expect.stringMatching(/^SERVER_(COPY_DAMAGED|RESTORE_FAILED)$/) as string,
  });
});

test('a backup that ends before its last transaction is damaged, also for who asks for that, or for a later moment', async () => {
  const { backup } = await copiesOf(people);
  const { lastTxOffset } = (await readManifest(copyAt(backup!)))!; // of a backup
  const target = { kind: 'offset', txOffset: lastTxOffset } as const;
  const which = { database: people, copyId: basename(backup!) };
  expect(await restored(which, target)).toMatchObject([{ lastTxOffset }]);
  const { log, blobs } = copyAt(backup!);
  const lastPiece = await log.read((await log.findLast())!); // of a backup that was restored
  await blobs.delete(`log/${(await readdir(join(backup!, 'log'))).toSorted().at(-1)}`);
  let lastCommit = 0;
  visitCommits(lastPiece, (_, _count, _bytes, start) => (lastCommit = start - COMMIT_HEADER_BYTES));
  const shorter = { ...lastPiece, endTxOffset: lastTxOffset, commits: lastPiece.commits.subarray(0, lastCommit) };
  for (const pieces of [[shorter], []]) {
    for (const piece of pieces) await log.add(piece);
    for (const each of [target, { kind: 'time', micros: Date.now() * 1000 } as const]) {
      await expect(restored(which, each)).rejects.toMatchObject({ code: 'SERVER_COPY_DAMAGED' });
    }
    for (const piece of await readdir(join(backup!, 'log'))) await rm(join(backup!, 'log', piece));
  }
});

test('an older copy does not stand in for the latest one if that is damaged', async () => {
  const { archive, backup } = await copiesOf(people);
  const piece = join(archive, 'log', (await readdir(join(archive, 'log'))).toSorted().at(-1)!);
  const bytes = await readFile(piece);
  bytes[bytes.length - 40]! ^= 1;
  await writeFile(piece, bytes);
  await expect(restored({ database: people })).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  expect(await restored({ database: people, copyId: backup!.split('/').at(-1)! })).toHaveLength(1);
});

test.each(['damaged', 'missing'])('nor does it if a snapshot that the latest one needs is %s', async (kind) => {
  const { archive, backup } = await copiesOf(people);
  await rm(archive, { recursive: true });
  const older = join(store, people, 'backup-20200101T000000Z-00000000');
  await cp(backup!, older, { recursive: true });
  const copy = copyAt(older);
  const manifest = (await readManifest(copy))!; // of a backup
  await writeManifest(copy, { ...manifest, ordinal: 0 });
  expect(manifest.firstTxOffset).toBeGreaterThan(0);
  const snapshots = join(backup!, 'snapshots');
  for (const name of await readdir(snapshots)) {
    if (!name.endsWith('.snapshot')) continue;
    if (kind === 'missing') await rm(join(snapshots, name));
    else await writeFile(join(snapshots, name), 'no snapshot');
  }
  await expect(restored({ database: people })).rejects.toMatchObject({
    code: 'SERVER_COPY_DAMAGED',
    message: expect.stringContaining(`a snapshot that it needs is ${kind}`) as string,
  });
  expect(await restored({ database: people, copyId: basename(older) })).toHaveLength(1);
});

test('a database is found by its name beside one whose description is damaged', async () => {
  await writeFile(join((await copiesOf(other)).archive, 'database.json'), 'no JSON');
  expect(await restored({ database: 'people' })).toMatchObject([{ description: { identity: people } }]);
  await expect(restored({ database: 'nobody' })).rejects.toMatchObject({ code: 'SERVER_COPY_DAMAGED' });
  await expect(restored()).rejects.toMatchObject({ code: 'SERVER_COPY_DAMAGED' });
});

test.each(['../../x', '', 'c2'.repeat(32), '\u001b[2J'])('%j is no name that a copy can bring', async (name) => {
  await rename(other, [name]);
  await expect(restored({ database: other })).rejects.toMatchObject({ code: 'SERVER_COPY_DAMAGED' });
});

test('names of blobs that no number can be are passed over', async () => {
  const { archive } = await copiesOf(people);
  await writeFile(join(archive, 'log', '99999999999999999999.piece'), 'x');
  await writeFile(join(archive, 'snapshots', '99999999999999999999.snapshot'), 'x');
  expect(await restored({ database: people })).toHaveLength(1);
});

async function rename(identity: string, names: readonly string[]): Promise<void> {
  const file = join((await copiesOf(identity)).archive, 'database.json');
  const description = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...description, names }));
}
