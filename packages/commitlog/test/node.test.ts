import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import { NodeFileSystem } from '../src/node-file-system.ts';
import { appendRecords, countRecords } from './log-content.ts';

const fs = new NodeFileSystem();
const writer = fileURLToPath(new URL('log-writer.ts', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'lightcone-log-')), 'replicas/1');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a log on a real disk comes back, over several segments', async () => {
  const options = { maxSegmentBytes: 5000 };
  {
    await using log = await CommitLog.open(fs, folder, options);
    for (let i = 0; i < 50; i++) {
      appendRecords(log, 10, 50);
      await log.sync();
    }
    appendRecords(log, 10, 50);
  }
  const names = (await readdir(join(folder, 'clog'))).filter((name) => name.endsWith('.log'));
  expect(names.length).toBeGreaterThan(1);
  await using log = await CommitLog.open(fs, folder, options);
  expect(await countRecords(log, 50)).toBe(510);
});

test('another process that has the log is told apart from one that was killed', async () => {
  const other = spawn(process.execPath, ['--conditions=lightcone-source', writer, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let reported = 0;
  for await (const chunk of other.stdout) {
    reported = Number(String(chunk).trim().split('\n').at(-1));
    if (reported > 100) break;
  }
  await expect(CommitLog.open(fs, folder)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await using log = await CommitLog.open(fs, folder);
  expect(await countRecords(log, 50)).toBeGreaterThan(reported);
});

test('the lock holds between threads and goes with its thread', async () => {
  const thread = new Worker(writer, { argv: [folder], execArgv: ['--conditions=lightcone-source'], stdout: true });
  await once(thread.stdout, 'data');
  await expect(CommitLog.open(fs, folder)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  await thread.terminate();
  await (await CommitLog.open(fs, folder)).close();
});

test('the lock takes no room on the disk', async () => {
  await using log = await CommitLog.open(fs, folder);
  expect((await readdir(folder)).toSorted()).toEqual(['clog', 'db.lock']);
  expect(await readFile(join(folder, 'db.lock'))).toHaveLength(0);
  appendRecords(log, 1);
});

test('a folder that cannot be made is an error of the log', async () => {
  await (await CommitLog.open(fs, folder)).close();
  const file = join(folder, 'db.lock');
  expect(await readFile(file)).toHaveLength(0);
  await expect(CommitLog.open(fs, join(file, 'sub'))).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
});
