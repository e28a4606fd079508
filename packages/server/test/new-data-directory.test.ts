import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src/verification/new-data-directory.ts', import.meta.url));

test('a process that is asked to end while it makes a data directory ends, and leaves nothing behind', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const program = `
    const { NewDataDirectory } = await import(${JSON.stringify(source)});
    await NewDataDirectory.begin(${JSON.stringify(join(work, 'data'))});
    console.log('begun');
    await new Promise(() => setInterval(() => {}, 1000));`;
  const args = ['--conditions=lightcone-source', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(await readdir(work)).toHaveLength(1);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  expect(await readdir(work)).toEqual([]);
  await rm(work, { recursive: true });
});
