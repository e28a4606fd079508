import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import { type DirectoryReport, isSound, salvageDataDirectory, verifyDataDirectory } from '../src/verification/index.ts';
import { type User, authorization, newUser, programs, publish, sql } from './fixtures.ts';

const local = '127.0.0.1:0';
const SEGMENT = '00000000000000000000.stdb.log';

let root: string;
/** A data directory of two databases, stopped in order. */
let good: string;
let owner: User;
let copies = 0;

async function call(url: string, database: string, reducer: string, args: unknown[]): Promise<void> {
  const request = { method: 'POST', headers: { ...authorization(owner), 'content-type': 'application/json' } };
  const response = await fetch(`${url}/v1/database/${database}/call/${reducer}`, {
    ...request,
    body: JSON.stringify(args),
  });
  if (!response.ok) throw new Error(await response.text());
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lightcone-verify-'));
  good = join(root, 'good');
  await using server = await startServer({ listenAddress: local, dataDir: good });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'chat', owner, programs.chat);
  for (let i = 0; i < 20; i++) await call(server.url, 'people', 'add', [`person ${i}`, i]);
}, 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

async function copyOfGood(): Promise<string> {
  const path = join(root, `copy-${++copies}`);
  await cp(good, path, { recursive: true });
  return path;
}

/** The codes of what is damaged, and of what is worth a warning. */
function codes({ findings }: DirectoryReport, severity = 'damage'): string[] {
  return findings.filter((finding) => finding.severity === severity).map(({ code }) => code);
}

async function edit(path: string, change: (bytes: Buffer) => Buffer | void): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, change(bytes) ?? bytes);
}

/** Where the commits of a segment begin, by the specification. */
function commitsOf(segment: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 10; at < segment.length; at += 26 + segment.readUInt32LE(at + 18)) starts.push(at);
  return starts;
}

/** The transactions before the last `count` commits of `people`. */
async function transactionsBefore(count: number): Promise<number> {
  const segment = await readFile(join(good, 'replicas/1/clog', SEGMENT));
  const at = commitsOf(segment).at(-count);
  if (count > 0) return Number(segment.readBigUInt64LE(at));
  const last = commitsOf(segment).at(-1)!;
  return Number(segment.readBigUInt64LE(last)) + segment.readUInt16LE(last + 16);
}

/** Everything in a folder: names, contents and modes. */
async function contentOf(path: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of (await readdir(path, { recursive: true })).toSorted()) {
    const info = await stat(join(path, name));
    content[name] = info.isFile() ? `${info.mode} ${(await readFile(join(path, name))).toString('base64')}` : 'folder';
  }
  return content;
}

test('a sound data directory: what is in it is told, and nothing is changed', async () => {
  const path = await copyOfGood();
  const before = await contentOf(path);
  const report = await verifyDataDirectory(path);
  expect(report.findings).toEqual([]);
  expect(report.replicas.map(({ names, tables }) => [names, tables])).toEqual([
    [['people'], expect.arrayContaining([{ name: 'person', rows: 20 }])],
    [['chat'], expect.arrayContaining([{ name: 'message', rows: 0 }])],
  ]);
  for (const { good: part, log } of report.replicas) expect(part?.cut.endTxOffset).toBe(log.endTxOffset);
  expect(await contentOf(path)).toEqual(before);
});

test('a directory that a server has open is refused, and so are those that are none or of others', async () => {
  const path = await copyOfGood();
  {
    await using _ = await startServer({ listenAddress: local, dataDir: path });
    await expect(verifyDataDirectory(path)).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_LOCKED' });
  }
  expect((await verifyDataDirectory(path)).findings).toEqual([]);
  await expect(verifyDataDirectory(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
  await mkdir(join(root, 'empty'));
  await expect(verifyDataDirectory(join(root, 'empty'))).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
  // What cannot be read is not taken for files that are missing.
  const unreadable = await copyOfGood();
  await rm(join(unreadable, 'replicas'), { recursive: true });
  await writeFile(join(unreadable, 'replicas'), '');
  await expect(verifyDataDirectory(unreadable)).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_UNUSABLE',
    message: expect.stringContaining('replicas cannot be read') as string,
  });
  await writeFile(join(path, 'metadata.toml'), 'version = "2.8.3"\nedition = "standalone"\n');
  await expect(verifyDataDirectory(path)).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_INCOMPATIBLE',
    message: expect.stringContaining('spacetime import'),
  });
});

test('after a kill there is a journal beside the control database, which counts and stays', async () => {
  const path = await copyOfGood();
  const server = await startServer({ listenAddress: local, dataDir: path });
  await publish(server.url, 'third', owner, programs.person);
  const killed = join(root, 'killed');
  await cp(path, killed, { recursive: true });
  await server.close();
  const journal = await readFile(join(killed, 'control.sqlite-wal'));
  expect(journal.length).toBeGreaterThan(0);
  const report = await verifyDataDirectory(killed);
  expect(codes(report)).toEqual([]);
  expect(report.replicas.map(({ names }) => names)).toEqual([['people'], ['chat'], ['third']]);
  expect(await readFile(join(killed, 'control.sqlite-wal'))).toEqual(journal);
});

test('a journal that cannot be read is damage: without it the control database is of some time ago', async () => {
  const path = await copyOfGood();
  await mkdir(join(path, 'control.sqlite-wal'));
  const report = await verifyDataDirectory(path);
  expect(codes(report)).toEqual(['CONTROL_CORRUPT']);
  expect(report.findings.find(({ severity }) => severity === 'damage')).toMatchObject({
    path: 'control.sqlite-wal',
    message: 'it is a folder, where a file is expected',
  });
});

interface Case {
  readonly what: string;
  readonly damage: (path: string) => Promise<unknown>;
  readonly codes: readonly string[];
  readonly warnings?: readonly string[];
  /** How many of the last commits of `people` are lost; undefined if all are. */
  readonly lost?: number | undefined;
  /** A server is started with what was salvaged. */
  readonly isStarted?: boolean;
}

const cases: readonly Case[] = [
  {
    what: 'the configuration is not TOML',
    damage: (path) => writeFile(join(path, 'config.toml'), '[websocket\n'),
    codes: ['DIRECTORY_CONFIG_INVALID'],
    lost: 0,
    isStarted: true,
  },
  {
    what: 'the metadata are gone',
    damage: (path) => rm(join(path, 'metadata.toml')),
    codes: [],
    warnings: ['DIRECTORY_METADATA_MISSING'],
    lost: 0,
  },
  {
    what: 'the private key may be read by others',
    damage: (path) => chmod(join(path, 'id_ecdsa'), 0o644),
    codes: [],
    warnings: ['KEYS_EXPOSED'],
    lost: 0,
  },
  {
    what: 'the private key is gone',
    damage: (path) => rm(join(path, 'id_ecdsa')),
    codes: ['KEYS_UNUSABLE'],
    lost: 0,
    isStarted: true,
  },
  {
    what: 'the private key is another',
    damage: (path) => writeFile(join(path, 'id_ecdsa'), 'no key', { mode: 0o600 }),
    codes: ['KEYS_UNUSABLE'],
    lost: 0,
  },
  {
    what: 'the control database is gone',
    damage: (path) => rm(join(path, 'control.sqlite')),
    codes: ['CONTROL_MISSING'],
    lost: 0,
    isStarted: true,
  },
  {
    what: 'the control database is no database',
    damage: (path) => writeFile(join(path, 'control.sqlite'), 'hello'),
    codes: ['CONTROL_CORRUPT'],
    lost: 0,
  },
  {
    what: 'the control database is empty',
    damage: (path) => writeFile(join(path, 'control.sqlite'), ''),
    codes: ['CONTROL_CORRUPT'],
    lost: 0,
  },
  {
    what: 'a database has no files',
    damage: (path) => rm(join(path, 'replicas/1'), { recursive: true }),
    codes: ['REPLICA_MISSING'],
  },
  {
    what: 'a database has no log',
    damage: (path) => rm(join(path, 'replicas/1/clog'), { recursive: true }),
    codes: ['REPLICA_EMPTY'],
  },
  {
    what: 'the files of two databases are exchanged',
    async damage(path) {
      await cp(join(path, 'replicas/1/clog'), join(path, 'clog'), { recursive: true });
      await rm(join(path, 'replicas/1/clog'), { recursive: true });
      await cp(join(path, 'replicas/2/clog'), join(path, 'replicas/1/clog'), { recursive: true });
      await rm(join(path, 'clog'), { recursive: true });
    },
    codes: ['REPLICA_OF_ANOTHER_DATABASE'],
  },
  {
    what: 'files that no database has, broken as they are',
    damage: (path) => mkdir(join(path, 'replicas/77/clog'), { recursive: true }),
    codes: [],
    warnings: ['REPLICA_ORPHANED', 'REPLICA_EMPTY'],
    lost: 0,
  },
  {
    what: 'a commit in the middle of the log has a flipped bit',
    damage: (path) =>
      edit(join(path, 'replicas/1/clog', SEGMENT), (bytes) => void (bytes[commitsOf(bytes).at(-3)! + 30]! ^= 1)),
    codes: ['LOG_DAMAGED'],
    lost: 3,
    isStarted: true,
  },
  {
    what: 'the first commit has a flipped bit',
    damage: (path) => edit(join(path, 'replicas/1/clog', SEGMENT), (bytes) => void (bytes[5000]! ^= 1)),
    codes: ['LOG_DAMAGED', 'REPLICA_EMPTY'],
  },
  {
    what: 'the last commit is torn',
    damage: (path) => edit(join(path, 'replicas/1/clog', SEGMENT), (bytes) => bytes.subarray(0, bytes.length - 3)),
    codes: [],
    lost: 1,
  },
];

describe('each kind of damage gets its finding, and what is good is salvaged', () => {
  test.each(cases)('$what', async ({ damage, codes: expected, warnings = [], lost, isStarted }) => {
    const path = await copyOfGood();
    await damage(path);
    const before = await contentOf(path);
    const report = await verifyDataDirectory(path);
    expect(codes(report)).toEqual(expected);
    expect(codes(report, 'warning')).toEqual(warnings);
    expect(isSound(report)).toBe(expected.length === 0);

    const target = join(root, `salvaged-${copies}`);
    const isExchanged = expected[0] === 'REPLICA_OF_ANOTHER_DATABASE';
    const salvaging = salvageDataDirectory(report, target);
    if (isExchanged) {
      await expect(salvaging).rejects.toMatchObject({ code: 'SERVER_SALVAGE_FAILED' });
      expect(await readdir(root)).not.toContain(`salvaged-${copies}`);
      return;
    }
    const salvage = await salvaging;
    expect(await contentOf(path)).toEqual(before);
    const people = salvage.databases.find(({ replica }) => replica === 1);
    expect(people?.endTxOffset).toBe(lost === undefined ? undefined : await transactionsBefore(lost));
    if (isStarted !== true) return;

    await using server = await startServer({ listenAddress: local, dataDir: target });
    const names = expected.includes('CONTROL_MISSING') || expected.includes('CONTROL_CORRUPT') ? 'lost' : 'kept';
    const user = expected.includes('KEYS_UNUSABLE') ? await newUser(server.url) : owner;
    for (const { identity, names: known, replica } of salvage.databases) {
      const reference = names === 'kept' ? known[0]! : identity;
      const rows = await sql(server.url, reference, user, `SELECT * FROM ${replica === 1 ? 'person' : 'message'}`);
      expect(rows.length > 0).toBe(replica === 1);
    }
  });
});

test('the rows of a salvaged database are those of its good transactions', async () => {
  const path = await copyOfGood();
  await edit(join(path, 'replicas/1/clog', SEGMENT), (bytes) => void (bytes[commitsOf(bytes).at(-3)! + 30]! ^= 1));
  const target = join(root, 'with-rows');
  const report = await verifyDataDirectory(path);
  const kept = report.replicas[0]?.tables.find(({ name }) => name === 'person')?.rows ?? 0;
  expect(kept).toBeLessThan(20);
  await salvageDataDirectory(report, target);
  await using server = await startServer({ listenAddress: local, dataDir: target });
  const rows = (await sql(server.url, 'people', owner, 'SELECT * FROM person')) as unknown[][];
  expect(rows.map((row) => row[1])).toEqual(Array.from({ length: kept }, (_, i) => `person ${i}`));
  await call(server.url, 'people', 'add', ['someone new', 1]);
  expect(await sql(server.url, 'people', owner, 'SELECT * FROM person')).toHaveLength(kept + 1);
});

test('what is wrong between names and databases is told', async () => {
  const path = await copyOfGood();
  const control = new DatabaseSync(join(path, 'control.sqlite'));
  control.exec(`INSERT INTO name VALUES ('ghost', '${'ab'.repeat(32)}'); DELETE FROM name_owner WHERE name = 'chat'`);
  control.close();
  const { findings } = await verifyDataDirectory(path);
  expect(findings.map(({ severity, code }) => [severity, code])).toEqual([
    ['warning', 'CONTROL_NAME_NOT_OWNED'],
    ['note', 'CONTROL_NAME_DANGLING'],
    ['warning', 'CONTROL_NAME_NOT_OWNED'],
  ]);
});

test('a target with something in it is refused', async () => {
  const report = await verifyDataDirectory(good);
  await expect(salvageDataDirectory(report, good)).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
});

property.prop([fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 })], {
  numRuns: 25,
})('whatever is in the files: a report, never a crash, and nothing is changed', async (changes) => {
  const path = await copyOfGood();
  const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const [file, at, value] of changes) {
    const { parentPath, name } = files[file % files.length]!;
    await edit(join(parentPath, name), (bytes) => {
      if (at % 7 === 0) return bytes.subarray(0, at % (bytes.length + 1));
      if (bytes.length > 0) bytes[at % bytes.length] = value;
      return undefined;
    });
  }
  const before = await contentOf(path);
  try {
    await verifyDataDirectory(path);
  } catch (error) {
    expect(error).toMatchObject({ code: 'SERVER_DATA_DIR_INCOMPATIBLE' });
  }
  expect(await contentOf(path)).toEqual(before);
  await rm(path, { recursive: true });
});
