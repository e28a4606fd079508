import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteReader, Identity } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replayHistory } from '../../engine/src/verification/replayed-database.ts';
import {
  type BuiltSnapshot,
  type BuiltTable,
  buildSpacetimeSnapshot,
} from '../../engine/test/support/spacetime-snapshot-builder.ts';
import { importDataDirectory } from '../src/import/index.ts';
import { startServer } from '../src/index.ts';
import { verifyDataDirectory } from '../src/verification/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import {
  type Commit,
  commitsOf,
  offsetName,
  writeSpacetimeDirectory,
  writeSpacetimeSnapshot,
} from './spacetimedb-directory.ts';

let root: string;
let identity: string;
/** The commits of a database with 20 people. */
let commits: Commit[];
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lightcone-import-'));
  const ours = join(root, 'ours');
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: ours });
  const owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  for (let i = 0; i < 20; i++) {
    const request = { method: 'POST', headers: { ...authorization(owner), 'content-type': 'application/json' } };
    await fetch(`${server.url}/v1/database/people/call/add`, { ...request, body: JSON.stringify([`person ${i}`, i]) });
  }
  await server.close();
  commits = await commitsOf(join(ours, 'replicas/1/clog'));
  identity = (await verifyDataDirectory(ours)).replicas[0]!.identity!;
}, 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

const endOf = ({ minTxOffset, count }: Commit): number => minTxOffset + count;
const newFolder = (): string => join(root, `folder-${++folders}`);

/** The snapshot that SpacetimeDB would have taken behind a transaction. */
async function snapshotAt(txOffset: number): Promise<BuiltSnapshot> {
  const { store } = await replayHistory(
    {
      endTxOffset: txOffset + 1,
      replay(end, visit) {
        for (const { minTxOffset, count, records } of commits) {
          if (minTxOffset < end) visit(minTxOffset, count, records, 0, records.length);
        }
        return Promise.resolve();
      },
    },
    txOffset + 1,
  );
  const tables = [...store.tables.values()]
    .filter(({ definition }) => !definition.isEphemeral)
    .map((table): BuiltTable => {
      const { id, row: type } = table.definition;
      const rows: BuiltTable['rows'][number][] = [];
      for (let row = table.first(); row >= 0; row = table.next(row)) {
        rows.push(type.decode(new ByteReader(table.bytes(row), table.start(row), table.end(row))));
      }
      return { id, type: type.type as BuiltTable['type'], rows };
    });
  return buildSpacetimeSnapshot(Identity.fromHex(identity).bytes, txOffset, tables);
}

/** A directory whose log has only the commits from an index on, in segments of one form each. */
async function sourceFrom(index: number, end = commits.length): Promise<{ source: string; replica: string }> {
  const source = newFolder();
  const kept = commits.slice(index, end);
  await writeSpacetimeDirectory(source, [
    { replica: 1, segments: kept.length === 0 ? [] : [{ commits: kept, form: 'version 1' }] },
  ]);
  return { source, replica: join(source, 'replicas/1') };
}

async function imported(source: string, options = {}) {
  const target = newFolder();
  const { databases, findings } = await importDataDirectory(source, target, options);
  const report = await verifyDataDirectory(target);
  expect(report.findings).toEqual([]);
  const people = databases[0]?.tables.find(({ name }) => name === 'person')?.rows;
  return { target, database: databases[0]!, findings, good: report.replicas[0]!.good, people };
}

test.each([
  { what: 'as it was written', isCompressed: false },
  { what: 'compressed', isCompressed: true },
])('a log that begins behind a snapshot comes over with it, $what', async ({ isCompressed }) => {
  const { source, replica } = await sourceFrom(10);
  const txOffset = commits[10]!.minTxOffset - 1;
  await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), isCompressed);
  const { target, database, findings, good, people } = await imported(source);
  expect(findings.map(({ code }) => code)).toEqual(['IMPORT_NAMES_LEFT_OUT']);
  expect(database).toMatchObject({ identity, firstTxOffset: txOffset + 1, endTxOffset: endOf(commits.at(-1)!) });
  expect(good).toMatchObject({ firstTxOffset: txOffset + 1, isFromSnapshot: true });
  expect(people).toBe(20);
  expect(await readdir(join(target, 'replicas/1/clog'))).toEqual([`${offsetName(txOffset + 1)}.stdb.log`]);
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: target });
  expect(await sql(server.url, identity, await newUser(server.url), 'SELECT * FROM person')).toHaveLength(20);
});

test('a snapshot in the middle of a commit does as well', async () => {
  const index = commits.findIndex(({ count }, i) => i > 3 && count > 1);
  const { source, replica } = await sourceFrom(index);
  const txOffset = commits[index]!.minTxOffset;
  await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), false);
  expect(await imported(source)).toMatchObject({ people: 20, good: { firstTxOffset: txOffset + 1 } });
});

test('the newest snapshot that is good counts; others are passed over, and told', async () => {
  const { source, replica } = await sourceFrom(8);
  const [older, newer, locked] = [8, 12, 15].map((index) => commits[index]!.minTxOffset - 1) as [
    number,
    number,
    number,
  ];
  for (const txOffset of [older, newer, locked]) {
    await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), txOffset === older);
  }
  await writeFile(join(replica, 'snapshots', `${offsetName(locked)}.lock`), '');
  const manifest = join(
    replica,
    'snapshots',
    `${offsetName(newer)}.snapshot_dir`,
    `${offsetName(newer)}.snapshot_bsatn`,
  );
  const bytes = await readFile(manifest);
  bytes[60]! ^= 1;
  await writeFile(manifest, bytes);
  const { findings, people, good } = await imported(source);
  expect(findings.map(({ code }) => code)).toEqual(['IMPORT_SNAPSHOT_INVALID', 'IMPORT_NAMES_LEFT_OUT']);
  expect(good?.firstTxOffset).toBe(older + 1);
  expect(people).toBe(20);
});

test('a log that ends with the snapshot goes on from there', async () => {
  const { source, replica } = await sourceFrom(10, 12);
  const txOffset = endOf(commits[11]!) - 1;
  await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), false);
  const { database, people } = await imported(source);
  expect(database.endTxOffset).toBe(txOffset + 1);
  expect(people).toBeLessThan(20);
});

test('without a snapshot such a log is refused, and nothing is written', async () => {
  const { source } = await sourceFrom(10);
  const target = newFolder();
  await expect(importDataDirectory(source, target)).rejects.toMatchObject({
    code: 'SERVER_IMPORT_REFUSED',
    message: expect.stringMatching(/the log begins at \d+, and there is no good snapshot/),
  });
  expect((await readdir(root)).filter((name) => name.includes(`folder-${folders}`))).toEqual([]);
});

test('an empty log beside a snapshot is refused; a salvage has what is in the snapshot', async () => {
  const { source, replica } = await sourceFrom(0, 0);
  const txOffset = endOf(commits.at(-1)!) - 1;
  await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), false);
  await expect(importDataDirectory(source, newFolder())).rejects.toMatchObject({
    message: expect.stringContaining('SNAPSHOT_NEWER_THAN_LOG'),
  });
  const { people } = await imported(source, { salvages: true });
  expect(people).toBe(20);
});

test('a damaged log that a snapshot covers loses nothing in a salvage', async () => {
  const { source, replica } = await sourceFrom(0);
  const txOffset = commits[10]!.minTxOffset - 1;
  await writeSpacetimeSnapshot(replica, txOffset, await snapshotAt(txOffset), true);
  const segment = join(replica, 'clog', `${offsetName(0)}.stdb.log`);
  const bytes = await readFile(segment);
  const size = commits.slice(0, 8).reduce((sum, { records }) => sum + records.length + 26, 10);
  bytes[size - 50]! ^= 1;
  await writeFile(segment, bytes);
  await expect(importDataDirectory(source, newFolder())).rejects.toMatchObject({ code: 'SERVER_IMPORT_REFUSED' });
  const { people, good } = await imported(source, { salvages: true });
  expect(people).toBe(20);
  expect(good).toMatchObject({ isFromSnapshot: true });
});
