import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DatabaseCopy, listCopies } from '../src/copies/database-copy.ts';
import { restore } from '../src/copies/index.ts';
import { CopyThread } from '../src/copies/thread/copy-thread.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { verifyDataDirectory } from '../src/verification/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';

let work: string;
let dataDir: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-archive-'));
  dataDir = join(work, 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'config.toml'), '[archive]\ninterval = "20ms"\n');
});
afterEach(() => rm(work, { recursive: true }));

async function metric({ url }: RunningServer, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/v1/metrics`)).text();
  const value = new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** Asks until the answer is as it should be; the test's time is the bound. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((done) => setTimeout(done, 20));
}

/** The bytes of all commits of a copy, one character each. */
async function commitsOf(copy: DatabaseCopy): Promise<string> {
  let commits = '';
  for await (const first of copy.log.list()) {
    const piece = await copy.log.read(first);
    commits += Buffer.from(piece.commits).toString('latin1');
  }
  return commits;
}

function pathIn(input: object): string | undefined {
  return 'path' in input && typeof input.path === 'string' ? input.path : undefined;
}

async function addPerson(server: RunningServer, user: Awaited<ReturnType<typeof newUser>>, name: string) {
  const headers = { ...authorization(user), 'content-type': 'application/json' };
  const body = JSON.stringify([name, 36]);
  const response = await fetch(`${server.url}/v1/database/people/call/add`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

test('before the first round nothing has failed and nothing is behind, as far as anybody knows', async () => {
  await writeFile(join(dataDir, 'config.toml'), '[archive]\ninterval = "1h"\n');
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive: join(work, 'archive') });
  await publish(server.url, 'people', await newUser(server.url), programs.person);
  expect(await metric(server, 'lightcone_archive_failures_total')).toBe(0);
  expect(await metric(server, 'lightcone_archive_lag_transactions')).toBe(0);
  expect(await metric(server, 'lightcone_archive_last_success_timestamp_seconds')).toBeUndefined();
});

test('a stop archives what no round has come to', async () => {
  await writeFile(join(dataDir, 'config.toml'), '[archive]\ninterval = "1h"\n');
  const archive = join(work, 'archive');
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await addPerson(server, owner, 'Ada');
  await server.close();
  const names = [];
  for await (const name of listCopies(new FolderBlobStore(archive))) names.push(name);
  expect(names).toHaveLength(1);
  expect(await commitsOf(new DatabaseCopy(new FolderBlobStore(archive), names[0]!))).toContain('Ada');
});

test('what databases commit is in the archive soon, and all of it after a stop', async () => {
  const archive = join(work, 'archive');
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await addPerson(server, owner, 'Ada');
  await until(async () => (await metric(server, 'lightcone_archive_last_success_timestamp_seconds')) !== undefined);
  await until(async () => (await metric(server, 'lightcone_archive_lag_transactions')) === 0);
  await addPerson(server, owner, 'Grace');
  await server.close();

  const names = [];
  for await (const name of listCopies(new FolderBlobStore(archive))) names.push(name);
  expect(names).toHaveLength(1);
  const copy = new DatabaseCopy(new FolderBlobStore(archive), names[0]!); // one was found
  expect(await copy.readDescription()).toMatchObject({ owner: owner.identity, names: ['people'] });
  const commits = await commitsOf(copy);
  expect(commits).toContain('Ada');
  expect(commits).toContain('Grace');
});

test('what a server that was killed left in the archive half written is removed, and what another one is writing is not', async () => {
  const archive = join(work, 'archive');
  const [old, young] = [join(archive, 'a', '.tmp-AAAAAAAAAAAA'), join(archive, 'a', '.tmp-BBBBBBBBBBBB')];
  await mkdir(join(archive, 'a'), { recursive: true });
  for (const path of [old, young]) await writeFile(path, 'half');
  await utimes(old, new Date(), new Date(Date.now() - 2 * 3_600_000));
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  await publish(server.url, 'people', await newUser(server.url), programs.person);
  await until(async () => !(await readdir(join(archive, 'a'))).includes('.tmp-AAAAAAAAAAAA'));
  await until(async () => (await metric(server, 'lightcone_archive_last_success_timestamp_seconds')) !== undefined);
  expect(await readdir(join(archive, 'a'))).toEqual(['.tmp-BBBBBBBBBBBB']);
});

test('an archive that cannot be reached hinders nobody, is told of, and is caught up with', async () => {
  const archive = join(work, 'archive');
  await symlink(join(work, 'not there yet'), archive);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await until(async () => ((await metric(server, 'lightcone_archive_failures_total')) ?? 0) >= 2);
  await addPerson(server, owner, 'Ada');
  expect(await sql(server.url, 'people', owner, 'SELECT name FROM person')).toEqual([['Ada']]);
  await until(async () => ((await metric(server, 'lightcone_archive_lag_transactions')) ?? 0) > 0);
  expect(await metric(server, 'lightcone_archive_last_success_timestamp_seconds')).toBeUndefined();
  await rm(archive);
  await until(async () => (await metric(server, 'lightcone_archive_last_success_timestamp_seconds')) !== undefined);
  await until(async () => (await metric(server, 'lightcone_archive_lag_transactions')) === 0);
});

test('an archive that has failed is tried again soon, also when the clock is set back', async () => {
  const archive = join(work, 'archive');
  await symlink(join(work, 'not there yet'), archive);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await until(async () => ((await metric(server, 'lightcone_archive_failures_total')) ?? 0) >= 1);
  const now = Date.now.bind(Date);
  using _ = vi.spyOn(Date, 'now').mockImplementation(() => now() - 86_400_000);
  await rm(archive);
  await until(async () => (await metric(server, 'lightcone_archive_last_success_timestamp_seconds')) !== undefined);
  expect(await readdir(archive)).toHaveLength(1);
});

test('the thread that archives forgets a database that is deleted, and only that one', async () => {
  using request = vi.spyOn(CopyThread.prototype, 'request');
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive: join(work, 'archive') });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'others', owner, programs.person);
  const archived = () => new Set(request.mock.calls.map(([kind, input]) => kind === 'archive' && pathIn(input)));
  await until(async () => archived().size === 2);
  const headers = authorization(owner);
  const response = await fetch(`${server.url}/v1/database/people`, { method: 'DELETE', headers });
  expect(response.status).toBe(200);
  const forgotten = () => request.mock.calls.flatMap(([kind], call) => (kind === 'forget' ? [call] : []));
  await until(async () => forgotten().length > 0);
  const rounds = request.mock.calls.length;
  await until(async () => request.mock.calls.length > rounds);
  expect(forgotten().map((call) => request.mock.calls[call]?.[1])).toEqual([{ path: join(dataDir, 'replicas', '1') }]);
  expect(await request.mock.results[forgotten()[0]!]?.value).toBe(true); // there is one
});

test('while an archive is behind, no log goes that is not in it; then it goes', async () => {
  const archive = join(work, 'archive');
  await symlink(join(work, 'not there yet'), archive);
  const config = '[archive]\ninterval = "20ms"\n[snapshots]\nevery-transactions = 10\nkeep = 1\n';
  await writeFile(join(dataDir, 'config.toml'), config);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  const segments = async (): Promise<string[]> =>
    (await readdir(join(dataDir, 'replicas', '1', 'clog'))).filter((name) => name.endsWith('.stdb.log')).toSorted();
  const first = '00000000000000000000.stdb.log';
  // Several segments, of which snapshots cover all but the last.
  for (let i = 0; (await segments()).length < 5; i++) await addPerson(server, owner, `early ${i}`);
  expect(await segments()).toContain(first);
  await rm(archive);
  await until(async () => (await metric(server, 'lightcone_archive_last_success_timestamp_seconds')) !== undefined);
  for (let i = 0; (await segments()).includes(first); i++) await addPerson(server, owner, `late ${i}`);

  const store = new FolderBlobStore(archive);
  const { value: name } = await listCopies(store).next();
  expect(await new DatabaseCopy(store, name!).log.list().next()).toEqual({ done: false, value: 0 }); // one was begun
});

test('with keep-days, what leads to earlier moments alone goes, and a restore says so', async () => {
  const archive = join(work, 'archive');
  const config = '[archive]\ninterval = "20ms"\n[snapshots]\nevery-transactions = 10\n';
  await writeFile(join(dataDir, 'config.toml'), config);
  const keyDir = join(work, 'keys');
  const store = new FolderBlobStore(archive);
  const piecesIn = async (): Promise<string[]> => {
    const pieces: string[] = [];
    for await (const { key } of store.list('')) if (key.endsWith('.piece')) pieces.push(key);
    return pieces;
  };
  let owner: Awaited<ReturnType<typeof newUser>>;
  {
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir, archive });
    owner = await newUser(server.url);
    await publish(server.url, 'people', owner, programs.person);
    for (let i = 0; (await piecesIn()).length < 40; i++) await addPerson(server, owner, `early ${i}`);
  }
  const { value: name } = await listCopies(store).next();
  const copy = new DatabaseCopy(store, name!); // one was begun
  const pieces = await piecesIn();
  // As if there had been two hours between them.
  const hoursAgo = (hours: number): number => Date.now() - hours * 3_600_000;
  for (const [i, piece] of pieces.entries()) {
    const at = new Date(hoursAgo(2 * (pieces.length - i)));
    await utimes(join(archive, piece), at, at);
  }
  for (const txOffset of await copy.snapshots.list()) {
    const { manifest } = await copy.snapshots.open(txOffset);
    const piece = pieces.findLastIndex((key) => Number(/(\d+)\.piece$/u.exec(key)?.[1]) <= txOffset);
    const takenAtMicros = hoursAgo(2 * (pieces.length - piece)) * 1000;
    await (await copy.snapshots.write(manifest.objects)).finish({ ...manifest, takenAtMicros });
  }

  await writeFile(join(dataDir, 'config.toml'), config.replace('\n', '\nkeep-days = 1\n'));
  {
    await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, keyDir, archive });
    for (let i = 0; (await copy.log.list().next()).value === 0; i++) await addPerson(server, owner, `late ${i}`);
  }
  const refusal: unknown = await restore({
    store,
    target: { kind: 'offset', txOffset: 1 },
    dataDir: join(work, 'early'),
  }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'SERVER_RESTORE_FAILED' });
  const earliest = /the earliest that it can be brought back to is transaction (\d+), of /u.exec(
    (refusal as Error).message,
  )?.[1];
  expect(Number(earliest)).toBeGreaterThan(1);
  for (const target of [{ kind: 'offset', txOffset: Number(earliest) }, { kind: 'latest' }] as const) {
    const restored = join(work, target.kind);
    await restore({ store, target, dataDir: restored });
    expect((await verifyDataDirectory(restored, { keyDir })).findings).toEqual([]);
  }
});

test.each([
  { archive: 's3://bucket', options: { env: {} }, message: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' },
  { archive: 'ftp://host/x', options: {}, message: 'expected s3://bucket/prefix or a folder' },
  { archive: 'folder', options: { dataDir: undefined }, message: '--archive: databases in memory are not copied' },
])('the archive $archive is refused at the start: $message', async ({ archive, options, message }) => {
  const { dataDir: folder, ...rest } = { dataDir, ...options };
  const starting = startServer({ listenAddress: '127.0.0.1:0', archive, ...(folder && { dataDir: folder }), ...rest });
  await expect(starting).rejects.toMatchObject({
    code: 'SERVER_INVALID_ARCHIVE',
    message: expect.stringContaining(message) as string,
  });
});

test.each([
  { what: 'a file', location: 'file', says: /file is no folder/u },
  { what: 'below a file', location: 'file/archive', says: /ENOTDIR/u },
  { what: 'where the system makes no folder', location: '/proc/lightcone', says: /\/proc\/lightcone: .*ENOENT/u },
])(
  'a place of copies that can be none is refused at the start, with who says it: $what',
  async ({ location, says }) => {
    await writeFile(join(work, 'file'), '');
    const path = resolve(work, location);
    const options = { listenAddress: '127.0.0.1:0', dataDir };
    const refusal = (setting: string) => ({
      code: 'SERVER_INVALID_ARCHIVE',
      message: expect.stringMatching(new RegExp(`^${setting}: .*${says.source}`, 'u')) as string,
    });
    await expect(startServer({ ...options, archive: path })).rejects.toMatchObject(refusal('--archive'));
    for (const section of ['archive', 'backup']) {
      await writeFile(join(dataDir, 'config.toml'), `[${section}]\nlocation = ${JSON.stringify(path)}\n`);
      await expect(startServer(options)).rejects.toMatchObject(refusal(`config.toml: ${section}.location`));
    }
  },
);
