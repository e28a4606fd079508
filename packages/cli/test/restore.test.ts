import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestUser } from './run.ts';

let work: string;
const user = new TestUser();
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-cli-restore-'));
});
afterAll(() => rm(work, { recursive: true }));

test.each([
  { args: ['--to-offset', '1', '--to-time', '2026-11-26T21:15:00Z'], message: 'cannot be given together' },
  { args: ['--to-offset', '-1'], message: '--to-offset "-1": expected a whole number' },
  { args: ['--to-offset', '1.5'], message: '--to-offset "1.5": expected a whole number' },
  { args: ['--to-time', '2026-11-26'], message: '--to-time "2026-11-26": expected a moment with its time zone' },
  { args: ['--to-time', '2026-02-30T00:00:00Z'], message: '--to-time "2026-02-30T00:00:00Z": expected a moment' },
])('restore $args is refused: $message', async ({ args, message }) => {
  for (const command of [['restore'], ['backup', 'restore']]) {
    const { exitCode, noted } = await user.run([...command, work, '--data-dir', join(work, 'new'), ...args]);
    expect([exitCode, noted]).toEqual([1, expect.stringContaining(message)]);
  }
  expect(await readdir(work)).toEqual([]);
});

test('a place with nothing in it is said to have nothing', async () => {
  const restored = await user.run(['restore', work, '--data-dir', join(work, 'new'), '--database', 'chat']);
  expect([restored.exitCode, restored.noted]).toEqual([
    1,
    expect.stringContaining(`${work}: there is no copy of the database chat`),
  ]);
  const verified = await user.run(['backup', 'verify', work, '--database', 'chat']);
  expect([verified.exitCode, verified.noted]).toEqual([
    1,
    expect.stringContaining('There is no archive and no backup of chat'),
  ]);
});

test('a copy that is damaged is said to be, with the way to another one', async () => {
  const archive = await mkdtemp(join(tmpdir(), 'lightcone-cli-archive-'));
  const log = join(archive, 'c2'.repeat(32), 'archive-20261127T144330Z-d43ca1a0', 'log');
  await mkdir(log, { recursive: true });
  await writeFile(join(log, '00000000000000000000.piece'), Buffer.alloc(100));
  const { exitCode, noted } = await user.run(['restore', archive, '--data-dir', join(work, 'new')]);
  expect([exitCode, noted]).toEqual([1, expect.stringContaining('the copy is damaged: 00000000000000000000.piece')]);
  expect(noted).toContain(
    `\`--copy <id>\` takes another copy, which may be older. They are in ${archive}, each as <identity`,
  );
  await rm(archive, { recursive: true });
});

test('a place that is none, and credentials that are missing, are told', async () => {
  const scheme = await user.run(['backup', 'verify', 'ftp://host/x']);
  expect([scheme.exitCode, scheme.noted]).toEqual([
    1,
    expect.stringContaining('expected s3://bucket/prefix or a folder'),
  ]);
  const credentials = await user.run(['restore', 's3://bucket', '--data-dir', join(work, 'new')]);
  expect([credentials.exitCode, credentials.noted]).toEqual([1, expect.stringContaining('AWS_ACCESS_KEY_ID')]);
});

test('a data directory that has something in it is left alone', async () => {
  const mine = await mkdtemp(join(tmpdir(), 'lightcone-cli-mine-'));
  await writeFile(join(mine, 'precious'), 'x');
  const { exitCode, noted } = await user.run(['restore', work, '--data-dir', mine]);
  expect([exitCode, noted]).toEqual([1, expect.stringContaining('there is something in it')]);
  expect(await readdir(mine)).toEqual(['precious']);
  await rm(mine, { recursive: true });
});

test('how many backups are damaged is said, with the way to another one', async () => {
  const backups = await mkdtemp(join(tmpdir(), 'lightcone-cli-backups-'));
  const backup = join(backups, 'c2'.repeat(32), 'backup-20261127T144330Z-d43ca1a0');
  await mkdir(backup, { recursive: true });
  await writeFile(join(backup, 'backup.json'), '{');
  const { exitCode, noted } = await user.run(['backup', 'verify', backups]);
  expect([exitCode, noted]).toEqual([
    1,
    expect.stringContaining(`Damaged archives and backups in ${backups}: 1 of 1.`),
  ]);
  expect(noted).toContain('--copy <id>');
  await rm(backups, { recursive: true });
});

test('a place that is not there, or is a file, is said to be that, and what is to be there', async () => {
  const file = join(work, 'file');
  await writeFile(file, '');
  for (const command of [
    ['restore', '--data-dir', join(work, 'new')],
    ['backup', 'verify'],
  ]) {
    const absent = await user.run([...command, join(work, 'absent')]);
    expect([absent.exitCode, absent.noted]).toEqual([
      1,
      expect.stringContaining(
        `${join(work, 'absent')} is not there: expected what \`spacetime start --archive\` was given`,
      ),
    ]);
    const wrong = await user.run([...command, file]);
    expect([wrong.exitCode, wrong.noted]).toEqual([1, expect.stringContaining(`${file} is no folder: expected`)]);
  }
  expect(await readdir(work)).toEqual(['file']);
  await rm(file);
});
