import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CommitLog } from '../src/index.ts';
import { NodeFileSystem } from '../src/node-file-system.ts';

test('x', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'clog-')), 'a/b');
  const fs = new NodeFileSystem();
  {
    await using log = await CommitLog.open(fs, folder);
    for (let i = 0; i < 10; i++) expect(log.append(Uint8Array.of(1, 2, i), 0, 3)).toBe(i);
    await log.sync();
    expect(log.durableOffset).toBe(9);
    await expect(CommitLog.open(fs, folder)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    log.append(Uint8Array.of(1, 2, 3), 0, 3);
  }
  await using log = await CommitLog.open(fs, folder);
  const seen: unknown[] = [];
  await log.replay((min, count, bytes, start, end) => seen.push([min, count, end - start]));
  expect(seen).toEqual([
    [0, 10, 30],
    [10, 1, 3],
  ]);
});
