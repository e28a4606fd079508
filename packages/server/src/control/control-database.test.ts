import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ControlDatabase, readSchemaVersion } from './control-database.ts';
import { databaseNameProblem, parseDatabaseReference } from './database-name.ts';

const record = { identity: 'd1', owner: 'alice', initialProgram: 'p1', replica: 1, isLocked: false };

test('databases are put, found by identity and owner, locked and deleted', () => {
  const control = new ControlDatabase(':memory:');
  control.putDatabase(record);
  control.setLocked('d1', true);
  expect(control.findDatabase('d1')).toEqual({ ...record, isLocked: true });
  expect(control.databasesOf('alice')).toEqual(['d1']);
  expect(control.databasesOf('bob')).toEqual([]);
  control.deleteDatabase('d1');
  expect(control.databases()).toEqual([]);
});

test('a file of a later version is left as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  try {
    const path = join(folder, 'control.sqlite');
    const later = new DatabaseSync(path);
    later.exec('PRAGMA user_version = 2');
    later.close();
    expect(() => new ControlDatabase(path)).toThrow(
      expect.objectContaining({
        code: 'SERVER_DATA_DIR_INCOMPATIBLE',
        message: expect.stringMatching(/control\.sqlite .*version 2.*version 1/u) as string,
      }),
    );
    const again = new DatabaseSync(path);
    expect(readSchemaVersion(again)).toBe(2);
    again.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('many changes take no more of the disk for their log than it had from the beginning', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  try {
    const path = join(folder, 'control.sqlite');
    const control = new ControlDatabase(path);
    const logBytes = async (): Promise<number> => (await stat(`${path}-wal`)).size;
    const before = await logBytes();
    expect(before).toBeGreaterThan(64 * 1024);
    for (let i = 0; i < 200; i++) {
      control.putDatabase({ ...record, identity: `${i}`.padStart(64, '0'), replica: i });
      control.addName(`name ${i}`, `${i}`.padStart(64, '0'), 'alice');
    }
    expect(await logBytes()).toBe(before);
    control.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the room of the log of changes is kept while the file is closed, for a disk that is full when it is opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  try {
    const path = join(folder, 'control.sqlite');
    new ControlDatabase(path).close();
    const room = await stat(`${path}-room`);
    expect(room.blocks * 512).toBeGreaterThanOrEqual(room.size);
    const control = new ControlDatabase(path);
    expect(await readdir(folder)).toEqual(['control.sqlite', 'control.sqlite-wal']);
    expect((await stat(`${path}-wal`)).size).toBeLessThan(room.size);
    control.close();
    expect(await readdir(folder)).toEqual(['control.sqlite', 'control.sqlite-room']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what is in the place of the room is named, with the way out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  try {
    const path = join(folder, 'control.sqlite');
    new ControlDatabase(path).close();
    await rm(`${path}-room`);
    await mkdir(`${path}-room`);
    const message = expect.stringMatching(
      /control\.sqlite-room cannot be removed: .* move away what is there\.$/u,
    ) as string;
    expect(() => new ControlDatabase(path)).toThrow(
      expect.objectContaining({ code: 'SERVER_DATA_DIR_UNUSABLE', message }),
    );
    await rmdir(`${path}-room`);
    new ControlDatabase(path).close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(['control.sqlite', 'control.sqlite-wal', 'control.sqlite-journal'])(
  'a folder for %s is named',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
    try {
      await mkdir(join(folder, name));
      const message = `${join(folder, name)} is a folder, where a file is expected: move away what is there.`;
      expect(() => new ControlDatabase(join(folder, 'control.sqlite'))).toThrow(message);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

test('where the system takes no more, as for a quota, what is there can be read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  try {
    const path = join(folder, 'control.sqlite');
    const control = new ControlDatabase(path);
    control.putDatabase(record);
    control.close();
    // SQLite does not tell a quota from a limit of the size of files, 30 or 60 KiB, which comes with a signal.
    const script = `
      process.on('SIGXFSZ', () => {});
      const { ControlDatabase } = await import(${JSON.stringify(new URL('control-database.ts', import.meta.url).href)});
      process.stdout.write(new ControlDatabase(${JSON.stringify(path)}).databases()[0].identity);`;
    const node = [process.execPath, '--conditions=lightcone-source', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -f 60 && exec "$@"', 'sh', ...node], {
      encoding: 'utf8',
    });
    expect(stdout, stderr).toBe('d1');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a replica number is never given out twice', () => {
  const control = new ControlDatabase(':memory:');
  expect([control.newReplica(), control.newReplica(), control.newReplica()]).toEqual([1, 2, 3]);
});

test('a name belongs to whoever registered it first, also after its database is gone', () => {
  const control = new ControlDatabase(':memory:');
  expect(control.addName('a', 'd1', 'alice')).toBe('ok');
  expect(control.addName('a', 'd2', 'alice')).toBe('name taken');
  expect(control.replaceNames(['b', 'c'], 'd1', 'alice')).toBeUndefined();
  expect(control.namesOf('d1')).toEqual(['b', 'c']);
  expect(control.findIdentity('a')).toBeUndefined();
  expect(control.addName('a', 'd2', 'bob')).toBe('owned by another');
  expect(control.addName('a', 'd2', 'alice')).toBe('ok');
});

test('names are replaced all or none', () => {
  const control = new ControlDatabase(':memory:');
  control.addName('mine', 'd1', 'alice');
  control.addName('theirs', 'd2', 'bob');
  control.replaceNames([], 'd2', 'bob');
  expect(control.replaceNames(['new', 'theirs'], 'd1', 'alice')).toBe('theirs');
  expect(control.namesOf('d1')).toEqual(['mine']);
  expect(control.nameOwner('new')).toBeUndefined();
});

test('changes at once are all made or none, with those that are made at once within them', () => {
  const control = new ControlDatabase(':memory:');
  const change = (): void =>
    control.atOnce(() => {
      control.putDatabase(record);
      control.addName('a', 'd1', 'alice');
      throw new Error('no');
    });
  expect(change).toThrow('no');
  expect([control.databases(), control.findIdentity('a')]).toEqual([[], undefined]);
  control.atOnce(() => control.addName('a', 'd1', 'alice'));
  expect(control.findIdentity('a')).toBe('d1');
});

test('energy adds up beyond what a double holds', () => {
  const control = new ControlDatabase(':memory:');
  control.addEnergy('alice', 2n ** 90n);
  expect(control.addEnergy('alice', 1n)).toBe(2n ** 90n + 1n);
  expect(control.energy('bob')).toBe(0n);
});

test('a file keeps what was put, and is one process’s at a time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
  const path = join(folder, 'control.sqlite');
  const first = new ControlDatabase(path);
  first.putDatabase(record);
  expect(() => new ControlDatabase(path)).toThrow(expect.objectContaining({ message: 'database is locked' }) as Error);
  first.close();
  const second = new ControlDatabase(path);
  expect(second.databases()).toEqual([record]);
  second.close();
  await rm(folder, { recursive: true });
});

test.each([
  { text: '', problem: 'database names cannot be empty' },
  { text: 'ab'.repeat(32), problem: 'database names cannot be identities' },
  { text: 'Bad_Name', problem: 'invalid characters in database name' },
  { text: 'ünïcode', problem: 'invalid characters in database name' },
  { text: '-a', problem: 'invalid hyphen in database name' },
  { text: 'a--b', problem: 'invalid hyphen in database name' },
  { text: 'a-b-1', problem: undefined },
])('the name $text: $problem', ({ text, problem }) => {
  expect(databaseNameProblem(text)).toBe(problem);
});

test('a reference is an identity if it can be one', () => {
  expect(parseDatabaseReference(`0x${'AB'.repeat(32)}`)).toEqual({ tag: 'identity', identity: 'ab'.repeat(32) });
  expect(parseDatabaseReference('chat')).toEqual({ tag: 'name', name: 'chat' });
  expect(parseDatabaseReference('Chat')).toBe('invalid characters in database name');
});
