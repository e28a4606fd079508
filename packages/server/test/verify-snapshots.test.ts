import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { Database, EmbeddedDatabase } from '@lightcone/engine';
import { systemClock, systemTimers } from '@lightcone/engine/node';
import { ConnectionId, Identity } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import { type DirectoryReport, isSound, salvageDataDirectory, verifyDataDirectory } from '../src/verification/index.ts';
import { newUser, programs, publish } from './fixtures.ts';

const REPLICA = 'replicas/1';

let root: string;
/** One database with a snapshot of 3 people, 3 more, a snapshot of those, and 3 more. The whole log is kept. */
let good: string;
let identity: string;
let owner: string;
let snapshots: number[];
let copies = 0;

/** Opens the database of a data directory as a server does that takes snapshots. */
async function withDatabase<Result>(
  path: string,
  work: (database: Database, add: (...names: string[]) => Promise<void>, embedded: EmbeddedDatabase) => Promise<Result>,
  keepsWholeLog = true,
): Promise<Result> {
  const replica = join(path, REPLICA);
  let embedded: EmbeddedDatabase | undefined;
  const database = await Database.open({
    identity: Identity.fromHex(identity),
    log: await CommitLog.open(new NodeFileSystem(), replica),
    snapshots: {
      store: new SnapshotStore(new FolderBlobStore(join(replica, 'snapshots'))),
      policy: { everyTransactions: 1e9, everyBytes: 1e12, maxBytesPerLogByte: 4, kept: 2, keepsWholeLog },
    },
    clock: systemClock,
    timers: systemTimers,
    moduleLog: () => {},
    deliver: (batch) => embedded?.deliver(batch),
    defer: (run) => setImmediate(run),
    onFailure: (error) => expect.unreachable(error.message),
  });
  let connections = 1n;
  embedded = new EmbeddedDatabase(database, () => ConnectionId.fromBigInt(connections++));
  const add = async (...names: string[]): Promise<void> => {
    const session = await embedded.connect(Identity.fromHex(owner));
    for (const name of names) await session.call('add', name, 1);
    session.disconnect();
  };
  try {
    return await work(database, add, embedded);
  } finally {
    await embedded.close();
  }
}

async function namesIn(path: string): Promise<string[]> {
  const rows = await withDatabase(path, (_, __, embedded) => embedded.sql('SELECT name FROM person'));
  return rows.map((row) => row['name'] as string).toSorted();
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lightcone-verify-'));
  good = join(root, 'good');
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: good });
  const user = await newUser(server.url);
  owner = user.identity;
  await publish(server.url, 'people', user, programs.person);
  await server.close();
  const [replica] = (await verifyDataDirectory(good)).replicas;
  identity = replica!.identity!;
  snapshots = await withDatabase(good, async (database, add) => {
    const offsets: number[] = [];
    for (const names of [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]) {
      // prettier-ignore
      await add(...names);
      if (offsets.length < 2) offsets.push(await database.takeSnapshot());
    }
    return offsets;
  });
}, 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

async function copyOfGood(): Promise<string> {
  const path = join(root, `copy-${++copies}`);
  await cp(good, path, { recursive: true });
  return path;
}

async function edit(path: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  change(bytes);
  await writeFile(path, bytes);
}

async function segmentsOf(path: string): Promise<string[]> {
  const names = await readdir(join(path, REPLICA, 'clog'));
  return names.filter((name) => name.endsWith('.log')).toSorted();
}

function short({ findings }: DirectoryReport): string[] {
  return findings.map(({ severity, code, txOffset }) => `${severity} ${code} ${txOffset}`);
}

/** Salvages, and gives back what is in the database then. */
async function salvaged(report: DirectoryReport): Promise<string[]> {
  const target = join(root, `salvaged-${++copies}`);
  await salvageDataDirectory(report, target);
  return namesIn(target);
}

const everybody = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

test('snapshots are read whole and compared with the log', async () => {
  const report = await verifyDataDirectory(await copyOfGood());
  expect(short(report)).toEqual([]);
  const [replica] = report.replicas;
  expect(replica).toMatchObject({ snapshots, good: { firstTxOffset: 0, isFromSnapshot: false } });
  expect(await salvaged(report)).toEqual(everybody);
});

test('a log that begins behind a snapshot is checked from there', async () => {
  const path = await copyOfGood();
  const [, second] = snapshots;
  await withDatabase(
    path,
    async (database, add) => {
      await add('j');
      await database.takeSnapshot();
      expect(database.lastTxOffset).toBeGreaterThan(second!);
    },
    false,
  );
  expect(await segmentsOf(path)).not.toContain('00000000000000000000.stdb.log');
  const report = await verifyDataDirectory(path);
  expect(short(report)).toEqual([]);
  expect(report.replicas[0]?.good).toMatchObject({ firstTxOffset: second! + 1, isFromSnapshot: true });
  expect(await salvaged(report)).toEqual([...everybody, 'j']);
});

test('damage of the log that a snapshot covers costs nothing', async () => {
  const path = await copyOfGood();
  const [first] = await segmentsOf(path);
  await edit(join(path, REPLICA, 'clog', first!), (bytes) => void (bytes[bytes.length - 300]! ^= 1));
  const report = await verifyDataDirectory(path);
  expect(isSound(report)).toBe(false);
  expect(report.replicas[0]?.good).toMatchObject({ firstTxOffset: snapshots[0]! + 1, isFromSnapshot: true });
  expect(await salvaged(report)).toEqual(everybody);
});

test('a damaged snapshot costs nothing while the log is whole', async () => {
  const path = await copyOfGood();
  const folder = join(path, REPLICA, 'snapshots', 'objects');
  const [object] = (await readdir(folder, { recursive: true })).filter((name) => name.length > 60);
  await edit(join(folder, object!), (bytes) => void (bytes[0]! ^= 1));
  const report = await verifyDataDirectory(path);
  expect(isSound(report)).toBe(true);
  expect(report.findings.map(({ code }) => code)).toContain('SNAPSHOT_DAMAGED');
  expect(await salvaged(report)).toEqual(everybody);
});

test('a log that ends before a snapshot has lost what was on disk, and the snapshot has it', async () => {
  const path = await copyOfGood();
  for (const name of (await segmentsOf(path)).slice(1)) await rm(join(path, REPLICA, 'clog', name));
  const report = await verifyDataDirectory(path);
  expect(short(report)).toEqual([`damage SNAPSHOT_NEWER_THAN_LOG ${snapshots[1]}`]);
  expect(await salvaged(report)).toEqual(everybody.slice(0, 6));
});

test('a snapshot of other rows than the log has is damage', async () => {
  const [one, other] = [await copyOfGood(), await copyOfGood()];
  for (const [path, name] of [
    [one, 'x'],
    [other, 'y'],
  ] as const) {
    // prettier-ignore
    await withDatabase(path, async (database, add) => {
      await add(name);
      await database.takeSnapshot();
    });
  }
  await rm(join(one, REPLICA, 'snapshots'), { recursive: true });
  await cp(join(other, REPLICA, 'snapshots'), join(one, REPLICA, 'snapshots'), { recursive: true });
  const report = await verifyDataDirectory(one);
  expect(new Set(report.findings.map(({ code }) => code))).toEqual(new Set(['STATE_SNAPSHOT_DIFFERS']));
  expect(report.findings.map(({ table }) => table)).toContain('person');
});

test('without the log nothing is lost but what came after the newest snapshot', async () => {
  const path = await copyOfGood();
  await rm(join(path, REPLICA, 'clog'), { recursive: true });
  const report = await verifyDataDirectory(path);
  expect(isSound(report)).toBe(false);
  expect(await salvaged(report)).toEqual(everybody.slice(0, 6));
});
