// What a publish leaves that is killed is removed at the next start, and no other folder is.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import { startServer } from '../src/index.ts';
import { isUnregistered } from '../src/unregistered-replicas.ts';
import { verifyDataDirectory } from '../src/verification/index.ts';
import { programs } from './fixtures.ts';

const script = fileURLToPath(new URL('killed-publish.ts', import.meta.url));
const log = pino({ level: 'silent' });
let dataDir: string;

beforeEach(async () => void (dataDir = await mkdtemp(join(tmpdir(), 'lightcone-unregistered-'))));
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dataDir, { recursive: true });
});

const folderOf = (replica: number): string => join(dataDir, 'replicas', String(replica));
const replicas = async (): Promise<string[]> => (await readdir(join(dataDir, 'replicas'))).toSorted();

async function startAndStop(): Promise<void> {
  await (await startServer({ listenAddress: '127.0.0.1:0', dataDir })).close();
}

/** Replica 1 is a database's, and replica 2 of one that was being made. */
function publishAndBeKilled(): void {
  const { signal, stderr } = spawnSync(process.execPath, ['--conditions=lightcone-source', script, dataDir], {
    encoding: 'utf8',
  });
  if (signal !== 'SIGKILL') throw new Error(`it was not killed: ${stderr}`);
}

test('what a publish leaves that is killed is told of, and removed at the next start', async () => {
  publishAndBeKilled();
  expect(await replicas()).toEqual(['1', '2']);
  const { findings } = await verifyDataDirectory(dataDir);
  expect(findings.filter(({ code }) => code === 'REPLICA_ORPHANED')).toMatchObject([
    { path: 'replicas/2', message: expect.stringContaining('the next start of the server removes it') as string },
  ]);
  await startAndStop();
  expect(await replicas()).toEqual(['1']);
  expect((await verifyDataDirectory(dataDir)).findings).toEqual([]);
});

test('a folder stays that is registered, without the mark, a link, or beside no control database', async () => {
  publishAndBeKilled();
  // As a database that no control database knows: it may be of a later day than this one.
  await cp(folderOf(1), folderOf(3), { recursive: true });
  await writeFile(join(folderOf(1), 'unregistered'), '');
  await rename(folderOf(2), join(dataDir, 'elsewhere'));
  await symlink(join(dataDir, 'elsewhere'), folderOf(2));
  await mkdir(join(dataDir, 'replicas', 'of mine'));
  await writeFile(join(dataDir, 'replicas', 'of mine', 'unregistered'), '');
  await startAndStop();
  expect(await replicas()).toEqual(['1', '2', '3', 'of mine']);
  expect(await readdir(join(dataDir, 'elsewhere'))).toContain('clog');

  await rm(join(dataDir, 'control.sqlite'));
  await expect(startAndStop()).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
  expect(await replicas()).toEqual(['1', '2', '3', 'of mine']);
});

test('the mark of a folder that is registered goes, so that no control database of an earlier day lets the folder go', async () => {
  publishAndBeKilled();
  await cp(join(dataDir, 'control.sqlite'), join(dataDir, 'earlier'));
  // As in a copy that was taken of a running server: the folder before it was registered, the control database after.
  const dataDirectory = await DataDirectory.open(dataDir);
  const [record] = dataDirectory.control.databases();
  dataDirectory.control.putDatabase({ ...record!, identity: Databases.newIdentity(), replica: 2 }); // one was made
  await dataDirectory.close();
  await startAndStop();
  await rename(join(dataDir, 'earlier'), join(dataDir, 'control.sqlite'));
  await startAndStop();
  expect(await replicas()).toEqual(['1', '2']);
});

test('a database is registered when its folder is one that stays', async () => {
  const dataDirectory = await DataDirectory.open(dataDir);
  const databases = new Databases(dataDirectory, log);
  const { control } = dataDirectory;
  const register = control.putDatabase.bind(control);
  const wereUnregistered: boolean[] = [];
  vi.spyOn(control, 'putDatabase').mockImplementation((record) => {
    wereUnregistered.push(isUnregistered(folderOf(record.replica)));
    register(record);
  });
  try {
    const identity = Databases.newIdentity();
    await databases.create(identity, identity, programs.person);
    await databases.reset(identity, programs.person);
    expect(wereUnregistered).toEqual([false, false]);
  } finally {
    await databases.close();
    await dataDirectory.close();
  }
});

test('a folder that is there is not taken for a new database, and stays as it is', async () => {
  const dataDirectory = await DataDirectory.open(dataDir);
  const databases = new Databases(dataDirectory, log);
  try {
    const identity = Databases.newIdentity();
    await databases.create(identity, identity, programs.person);
    await databases.close();
    const files = await readdir(folderOf(1));
    vi.spyOn(dataDirectory.control, 'newReplica').mockReturnValue(1);
    const another = Databases.newIdentity();
    await expect(new Databases(dataDirectory, log).create(another, another, programs.person)).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(await readdir(folderOf(1))).toEqual(files);
  } finally {
    await dataDirectory.close();
  }
});
