import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { NewDataDirectory } from '../src/new-data-directory.ts';

const source = fileURLToPath(new URL('../src/new-data-directory.ts', import.meta.url));

/** A process that has begun to make a data directory. */
async function beginInOtherProcess(path: string): Promise<ChildProcess> {
  const program = `
    const { NewDataDirectory } = await import(${JSON.stringify(source)});
    await NewDataDirectory.begin(${JSON.stringify(path)});
    console.log('begun');
    await new Promise(() => setInterval(() => {}, 1000));`;
  const args = ['--conditions=lightcone-source', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a process that is asked to end while it makes a data directory ends, and leaves nothing behind', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const child = await beginInOtherProcess(join(work, 'data'));
  expect(await readdir(work)).toHaveLength(1);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  expect(await readdir(work)).toEqual([]);
  await rm(work, { recursive: true });
});

test('what a killed process left behind goes with the next one, and what is another’s stays', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const path = join(work, 'data');
  const running = await beginInOtherProcess(path);
  const killed = await beginInOtherProcess(path);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const host = hostname().replaceAll(/[^\w.-]/g, '_');
  const leftover = `.data.${killed.pid}@${host}.new`;
  expect(await readdir(work)).toContain(leftover);
  const others = [
    `.data.${running.pid}@${host}.new`,
    `.data.${killed.pid}@another-${host}.new`,
    `.other.${killed.pid}@${host}.new`,
    `.data.x@${host}.new`,
    'something else',
  ];
  for (const name of others) await mkdir(join(work, name), { recursive: true });
  {
    await using made = await NewDataDirectory.begin(path);
    expect((await readdir(work)).toSorted()).toEqual([...others, basename(made.path)].toSorted());
    await made.finish();
  }
  expect((await readdir(work)).toSorted()).toEqual([...others, 'data'].toSorted());
  running.kill('SIGINT');
  await once(running, 'exit');
  await rm(work, { recursive: true });
});

test('what a killed process with the same number left behind goes too, as in a container that is started again', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const path = join(work, 'data');
  const leftover = join(work, `.data.${process.pid}@${hostname().replaceAll(/[^\w.-]/g, '_')}.new`);
  await mkdir(join(leftover, 'replicas'), { recursive: true });
  await writeFile(join(leftover, 'replicas', 'half'), 'x');
  {
    await using made = await NewDataDirectory.begin(path);
    expect(made.path).toBe(leftover);
    await made.finish();
  }
  expect(await readdir(path)).toEqual(['metadata.toml']);
  await rm(work, { recursive: true });
});

test('where a link to an empty folder is, what is made is in that folder; one that leads nowhere is refused', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const [link, folder] = [join(work, 'link'), join(work, 'elsewhere', 'folder')];
  await symlink(folder, link);
  await expect(NewDataDirectory.begin(link)).rejects.toMatchObject({ code: 'SERVER_DATA_DIR_UNUSABLE' });
  await mkdir(folder, { recursive: true });
  {
    await using made = await NewDataDirectory.begin(link);
    await made.finish();
  }
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readdir(folder)).toEqual(['metadata.toml']);
  expect(await readdir(join(work, 'elsewhere'))).toEqual(['folder']);
  await rm(work, { recursive: true });
});

test('the root of a disk is refused before anything is made, with a folder in it that will do', async ({ skip }) => {
  const disk = await mkdtemp(join(tmpdir(), 'lightcone-new-data-directory-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', disk]).status === 0;
  try {
    if (!isMounted) skip('only root may mount a disk');
    await expect(NewDataDirectory.begin(disk)).rejects.toMatchObject({
      code: 'SERVER_DATA_DIR_UNUSABLE',
      message: expect.stringContaining(
        `a disk is mounted there, and nothing can take its place; ${disk}/data`,
      ) as string,
    });
    await using made = await NewDataDirectory.begin(join(disk, 'data'));
    await made.finish();
  } finally {
    if (isMounted) spawnSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true });
  }
});
