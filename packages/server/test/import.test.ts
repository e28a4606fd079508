import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { types } from '@lightcone/sats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyModule } from '../../engine/test/support/any-module.ts';
import { people } from '../../engine/test/support/tables.ts';
import { btree, sequence, unique } from '../../schema/test/raw-modules.ts';
import { ControlDatabase } from '../src/control/control-database.ts';
import { programHash } from '../src/databases.ts';
import { importDataDirectory } from '../src/import/index.ts';
import { startServer } from '../src/index.ts';
import { isSound, verifyDataDirectory } from '../src/verification/index.ts';
import { type User, authorization, migrations, newUser, programs, publish, sql } from './fixtures.ts';
import {
  type Commit,
  type SegmentForm,
  commitsOf,
  encodeSegment,
  offsetName,
  writeSpacetimeDirectory,
} from './spacetimedb-directory.ts';

const local = '127.0.0.1:0';

/** The table of the recorded commits: person(id u64 primary key auto-increment, name string unique, age u32). */
const recordedProgram = anyModule(
  people(
    {
      name: 'person',
      primaryKey: [0],
      indexes: [btree(0), btree(1)],
      constraints: [unique(0), unique(1)],
      sequences: [sequence()],
    },
    [['id', types.u64], ['name', types.string], ['age', types.u32]], // prettier-ignore
  ),
) as Uint8Array<ArrayBuffer>;

let root: string;
let owner: User;
let person: Commit[];
/** Only the transaction that made it. */
let recordedBase: Commit[];
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lightcone-import-'));
  const ours = join(root, 'ours');
  const server = await startServer({ listenAddress: local, dataDir: ours });
  owner = await newUser(server.url);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'recorded', owner, recordedProgram);
  for (let i = 0; i < 20; i++) {
    const request = { method: 'POST', headers: { ...authorization(owner), 'content-type': 'application/json' } };
    await fetch(`${server.url}/v1/database/people/call/add`, { ...request, body: JSON.stringify([`person ${i}`, i]) });
  }
  await server.close();
  person = await commitsOf(join(ours, 'replicas/1/clog'));
  recordedBase = await commitsOf(join(ours, 'replicas/2/clog'));
}, 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

function newFolder(): string {
  return join(root, `folder-${++folders}`);
}

/** Cuts commits into segments at these counts of commits. */
function segmentsOf(commits: readonly Commit[], forms: readonly SegmentForm[]) {
  const size = Math.ceil(commits.length / forms.length);
  return forms.map((form, i) => ({ form, commits: commits.slice(i * size, (i + 1) * size) }));
}

async function contentOf(path: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of (await readdir(path, { recursive: true })).toSorted()) {
    const info = await stat(join(path, name));
    content[name] = info.isFile()
      ? `${info.mtimeMs} ${(await readFile(join(path, name))).toString('base64')}`
      : 'folder';
  }
  return content;
}

test.each<{ forms: SegmentForm[] }>([
  { forms: ['version 1'] },
  { forms: ['compressed', 'version 1'] },
  { forms: ['version 0', 'compressed', 'version 1'] },
  { forms: ['compressed', 'compressed'] },
  { forms: ['version 1', 'version 0'] },
])('a directory with segments $forms comes over whole, and the source stays as it is', async ({ forms }) => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [{ replica: 3, segments: segmentsOf(person, forms) }]);
  const before = await contentOf(source);
  const target = newFolder();
  const { databases, findings } = await importDataDirectory(source, target);
  expect(await contentOf(source)).toEqual(before);
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning IMPORT_NAMES_LEFT_OUT']);
  const last = person.at(-1)!;
  expect(databases).toEqual([
    expect.objectContaining({
      owner: owner.identity,
      names: [],
      replica: 3,
      firstTxOffset: 0,
      endTxOffset: last.minTxOffset + last.count,
      connectedClients: 0,
      tables: expect.arrayContaining([{ name: 'person', rows: 20 }]),
    }),
  ]);
  for (const name of (await readdir(join(source, 'replicas/3/clog'))).filter((file) => file.endsWith('.log'))) {
    expect(await readFile(join(target, 'replicas/3/clog', name))).toEqual(
      await readFile(join(source, 'replicas/3/clog', name)),
    );
  }
  expect(await readdir(join(target, 'replicas/3/module_logs'))).toEqual(['2026-11-20.log']);

  await using server = await startServer({ listenAddress: local, dataDir: target, keyDir: join(root, 'ours') });
  const rows = await sql(server.url, databases[0]!.identity, owner, 'SELECT name FROM person');
  expect(rows).toHaveLength(20);
  await publish(server.url, 'another', await newUser(server.url), programs.chat);
});

test('commits that SpacetimeDB wrote are replayed, and the client that they leave connected is disconnected', async () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../commitlog/vectors/commitlog.json', import.meta.url), 'utf8'),
  ) as { recorded: { commits: { hex: string }[] } };
  const source = newFolder();
  await writeSpacetimeDirectory(source, [
    { replica: 1, segments: [{ commits: recordedBase.slice(0, 1), form: 'version 1' }] },
  ]);
  const segment = join(source, 'replicas/1/clog', `${offsetName(0)}.stdb.log`);
  const recorded = vectors.recorded.commits.map(({ hex }) => Buffer.from(hex, 'hex'));
  await writeFile(segment, Buffer.concat([await readFile(segment), ...recorded]));

  const target = newFolder();
  const { databases } = await importDataDirectory(source, target);
  expect(databases[0]).toMatchObject({ endTxOffset: 6, connectedClients: 1, tables: [{ name: 'person', rows: 2 }] });
  await using server = await startServer({ listenAddress: local, dataDir: target, keyDir: join(root, 'ours') });
  const { identity } = databases[0]!;
  const rows = await sql(server.url, identity, owner, 'SELECT * FROM person');
  expect(rows).toEqual([[1, 'ann', 1], [2, 'bob', 2]]); // prettier-ignore
  expect(await sql(server.url, identity, owner, 'SELECT * FROM st_client')).toHaveLength(1); // who asks
});

test('names are given by identity, and belong to the owners of the databases', async () => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [
    { replica: 1, segments: segmentsOf(person, ['version 1']) },
    { replica: 5, segments: segmentsOf(recordedBase, ['version 1']) },
  ]);
  const { databases: unnamed } = await importDataDirectory(source, newFolder());
  const [first, second] = unnamed.map(({ identity }) => identity);
  const target = newFolder();
  const names = new Map([[first!, ['people', 'folk']], [second!, ['recorded']]]); // prettier-ignore
  const { findings } = await importDataDirectory(source, target, { names });
  expect(findings).toEqual([]);
  await using server = await startServer({ listenAddress: local, dataDir: target, keyDir: join(root, 'ours') });
  for (const name of ['people', 'folk', 'recorded']) {
    expect(await sql(server.url, name, owner, 'SELECT * FROM person')).toHaveLength(name === 'recorded' ? 0 : 20);
  }
  const rename = { method: 'POST', headers: authorization(owner), body: 'more' };
  expect((await fetch(`${server.url}/v1/database/people/names`, rename)).status).toBe(200);
});

test('of several replicas of one database the newest comes over, and folders without transactions do not', async () => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [
    { replica: 1, segments: segmentsOf(person.slice(0, 4), ['version 1']) },
    { replica: 3, segments: segmentsOf(person, ['version 1']) },
    { replica: 7, segments: [] },
    { replica: 9, segments: [{ commits: [], form: 'version 1' }] },
  ]);
  const target = newFolder();
  const { databases, findings } = await importDataDirectory(source, target);
  expect(databases.map(({ replica }) => replica)).toEqual([3]);
  // Numbers of folders are given out once, also those of folders that were left behind.
  const control = new ControlDatabase(join(target, 'control.sqlite'));
  expect(control.newReplica()).toBe(10);
  control.close();
  expect(findings.map(({ code, path }) => `${code} ${path}`)).toEqual([
    'IMPORT_NO_TRANSACTIONS replicas/7',
    'IMPORT_NO_TRANSACTIONS replicas/9',
    'IMPORT_OLDER_REPLICA replicas/1',
    'IMPORT_NAMES_LEFT_OUT control-db',
  ]);
});

test('the program that a database began with is known, beside the one that it has now', async () => {
  const ours = newFolder();
  const server = await startServer({ listenAddress: local, dataDir: ours, keyDir: join(root, 'ours') });
  await publish(server.url, 'moved', owner, migrations.start);
  await publish(server.url, 'moved', owner, migrations.compatible);
  await server.close();
  const source = newFolder();
  const commits = await commitsOf(join(ours, 'replicas/1/clog'));
  await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(commits, ['version 1']) }]);
  const target = newFolder();
  const { databases } = await importDataDirectory(source, target);
  const control = new ControlDatabase(join(target, 'control.sqlite'));
  expect(control.databases()).toMatchObject([{ initialProgram: programHash(migrations.start) }]);
  control.close();
  expect(databases).toMatchObject([{ programHash: programHash(migrations.compatible) }]);
});

test('what a torn commit left in an old segment, with the next one going on there, is no damage', async () => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1', 'version 1']) }]);
  const segment = join(source, 'replicas/1/clog', `${offsetName(0)}.stdb.log`);
  await writeFile(segment, Buffer.concat([await readFile(segment), Buffer.alloc(50, 7)]));
  const { databases } = await importDataDirectory(source, newFolder());
  expect(databases[0]?.tables).toContainEqual({ name: 'person', rows: 20 });
});

describe('what is not to be imported is refused, and nothing is written', () => {
  const cases: readonly {
    what: string;
    change: (source: string) => Promise<unknown>;
    code: string;
    message: RegExp;
  }[] = [
    {
      what: 'no directory',
      change: (source) => rm(source, { recursive: true }),
      code: 'SERVER_DATA_DIR_UNUSABLE',
      message: /is not there: expected the data directory of SpacetimeDB/,
    },
    {
      what: 'no metadata',
      change: (source) => rm(join(source, 'metadata.toml')),
      code: 'SERVER_DATA_DIR_UNUSABLE',
      message: /no metadata.toml/,
    },
    {
      what: 'a directory of ours',
      change: (source) => writeFile(join(source, 'metadata.toml'), 'version = "1.0.0"\nedition = "lightcone"\n'),
      code: 'SERVER_DATA_DIR_INCOMPATIBLE',
      message: /nothing to import/,
    },
    {
      what: 'version 1',
      change: (source) => writeFile(join(source, 'metadata.toml'), 'version = "1.12.0"\nedition = "standalone"\n'),
      code: 'SERVER_DATA_DIR_INCOMPATIBLE',
      message: /when SpacetimeDB 2\.x opens it/,
    },
    {
      what: 'a server at work',
      change: (source) => writeFile(join(source, 'spacetime.pid'), String(process.pid)),
      code: 'SERVER_DATA_DIR_LOCKED',
      message: new RegExp(`process ${process.pid}`),
    },
    {
      what: 'metadata that cannot be read',
      async change(source) {
        await rm(join(source, 'metadata.toml'));
        await mkdir(join(source, 'metadata.toml'));
      },
      code: 'SERVER_DATA_DIR_UNUSABLE',
      message: /metadata\.toml cannot be read: EISDIR/,
    },
    {
      what: 'databases that cannot be looked for',
      async change(source) {
        await rm(join(source, 'replicas'), { recursive: true });
        await writeFile(join(source, 'replicas'), '');
      },
      code: 'SERVER_DATA_DIR_UNUSABLE',
      message: /replicas cannot be read: ENOTDIR/,
    },
    {
      what: 'no databases',
      change: (source) => rm(join(source, 'replicas'), { recursive: true }),
      code: 'SERVER_IMPORT_REFUSED',
      message: /no database in it/,
    },
    {
      what: 'a replica that is a link to another folder',
      async change(source) {
        await rename(join(source, 'replicas/1'), join(source, 'elsewhere'));
        await symlink(join(source, 'elsewhere'), join(source, 'replicas/1'));
      },
      code: 'SERVER_IMPORT_REFUSED',
      message: /replicas\/1 is a link/,
    },
    {
      what: 'a damaged log',
      async change(source) {
        const segment = join(source, 'replicas/1/clog', `${offsetName(0)}.stdb.log`);
        const bytes = await readFile(segment);
        bytes[bytes.length - 2500]! ^= 1;
        await writeFile(segment, bytes);
      },
      code: 'SERVER_IMPORT_REFUSED',
      message: /replicas\/1\/clog\/0+\.stdb\.log, byte \d+, transaction \d+: LOG_DAMAGED/,
    },
  ];
  test.each(cases)('$what', async ({ change, code, message }) => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
    await change(source);
    const target = newFolder();
    await expect(importDataDirectory(source, target)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect((await readdir(root)).filter((name) => name.includes(`folder-${folders}`))).toEqual([]);
  });

  test('of which nothing can be saved, with the reasons and no advice that does not help', async () => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1', 'version 1']) }]);
    await rm(join(source, 'replicas/1/clog', `${offsetName(0)}.stdb.log`));
    await mkdir(join(source, 'replicas/2/clog'), { recursive: true });
    for (const salvages of [false, true]) {
      const refusal = await importDataDirectory(source, newFolder(), { salvages }).catch(
        (error: Error) => error.message,
      );
      expect(refusal).toMatch(/no database in it\n.*replicas\/1: REPLICA_EMPTY: the log begins at \d+/);
      expect(refusal).toContain('replicas/2: IMPORT_NO_TRANSACTIONS');
      expect(refusal).not.toContain('--salvage');
    }
  });

  test('into itself', async () => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
    const link = newFolder();
    await symlink(source, link);
    const before = await readdir(source);
    for (const target of [source, join(source, 'ours'), join(source, 'replicas', 'ours'), join(link, 'ours')]) {
      await expect(importDataDirectory(source, target)).rejects.toMatchObject({
        code: 'SERVER_IMPORT_REFUSED',
        message: expect.stringContaining('would lie in it'),
      });
    }
    expect(await readdir(source)).toEqual(before);
  });

  test('names that cannot be, for databases that are not there', async () => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
    const names = new Map([['ab'.repeat(32), ['Bad Name', 'twice', 'twice']]]);
    await expect(importDataDirectory(source, newFolder(), { names })).rejects.toMatchObject({
      code: 'SERVER_IMPORT_REFUSED',
      message: expect.stringMatching(/no database abab[\s\S]*invalid characters[\s\S]*given twice/),
    });
  });

  test('a target with something in it', async () => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
    const target = newFolder();
    await mkdir(target);
    await writeFile(join(target, 'x'), '');
    await expect(importDataDirectory(source, target)).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
    expect(await readdir(target)).toEqual(['x']);
  });
});

test('of a damaged database what is good is taken over when asked for', async () => {
  const source = newFolder();
  const broken = encodeSegment(person, 'version 1');
  await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
  broken[broken.length - 2500]! ^= 1;
  await writeFile(join(source, 'replicas/1/clog', `${offsetName(0)}.stdb.log`), broken);
  const { databases, findings } = await importDataDirectory(source, newFolder(), { salvages: true });
  expect(findings.map(({ code }) => code)).toContain('LOG_DAMAGED');
  expect(databases[0]!.endTxOffset).toBeLessThan(person.at(-1)!.minTxOffset + person.at(-1)!.count);
  expect(databases[0]!.endTxOffset).toBeGreaterThan(1);
});

test('keys in the folder come over with their modes', async () => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
  for (const name of ['id_ecdsa', 'id_ecdsa.pub']) await cp(join(root, 'ours', name), join(source, name));
  const target = newFolder();
  const { databases } = await importDataDirectory(source, target);
  expect((await stat(join(target, 'id_ecdsa'))).mode & 0o777).toBe(0o600);
  await using server = await startServer({ listenAddress: local, dataDir: target });
  expect(await sql(server.url, databases[0]!.identity, owner, 'SELECT * FROM st_module')).toHaveLength(1);
});

property.prop(
  [fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }), fc.boolean()],
  {
    numRuns: 20,
  },
)(
  'whatever is in the files: an import that verifies or a refusal, never a crash, and the source stays',
  async (changes, salvages) => {
    const source = newFolder();
    await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['compressed', 'version 1']) }]);
    const files = (await readdir(source, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    for (const [file, at, value] of changes) {
      const { parentPath, name } = files[file % files.length]!;
      const bytes = await readFile(join(parentPath, name));
      if (bytes.length > 0) bytes[at % bytes.length] = value;
      await writeFile(join(parentPath, name), at % 7 === 0 ? bytes.subarray(0, at % (bytes.length + 1)) : bytes);
    }
    const before = await contentOf(source);
    const target = newFolder();
    try {
      await importDataDirectory(source, target, { salvages });
      expect(isSound(await verifyDataDirectory(target))).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^SERVER_(DATA_DIR|IMPORT)_/) });
      expect((await readdir(root)).filter((name) => name.includes(`folder-${folders}`))).toEqual([]);
    }
    expect(await contentOf(source)).toEqual(before);
    await rm(source, { recursive: true });
  },
);

test('links in a source are not followed into the new directory', async () => {
  const source = newFolder();
  await writeSpacetimeDirectory(source, [{ replica: 1, segments: segmentsOf(person, ['version 1']) }]);
  const elsewhere = join(root, 'elsewhere');
  await writeFile(elsewhere, 'secret');
  await symlink(elsewhere, join(source, 'id_ecdsa.pub'));
  await symlink(elsewhere, join(source, 'replicas/1/module_logs/2026-11-21.log'));
  const target = newFolder();
  await importDataDirectory(source, target);
  expect(await readdir(target)).not.toContain('id_ecdsa.pub');
  expect(await readdir(join(target, 'replicas/1/module_logs'))).toEqual(['2026-11-20.log']);
});
