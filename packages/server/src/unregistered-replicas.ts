import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import type { ControlDatabase } from './control/control-database.ts';
import { replicaFolders } from './replica-folders.ts';
import { syncPath } from './sync-tree.ts';

/*
 * The folder of a database that is being made has a mark in it:
 *
 *     folder with its mark ─▶ log, `init`, all durable ─▶ mark removed, durably ─▶ registered, and told of
 *
 * So no control database, of whatever day, ever knew a folder that has the mark, and what is in it was never anybody's:
 * a publish that was killed left it. (A copy of the files that is taken meanwhile may be of two moments: its first start
 * takes marks off what is registered.) A folder without it is never removed because nobody knows it.
 */
const MARK = 'unregistered';

/** Makes the folder of a database that is to be made. @throws an error of the system; one that is there stays as it is */
export async function beginReplica(folder: string): Promise<void> {
  const replicas = dirname(folder);
  await new NodeFileSystem().makeFolder(replicas);
  await mkdir(folder);
  try {
    await writeFile(join(folder, MARK), '');
    await syncPath(replicas);
  } catch (error) {
    await removeReplica(folder);
    throw error;
  }
}

/** Keeps a folder: all of its database is there. Comes before it is registered. */
export async function keepReplica(folder: string): Promise<void> {
  await unlink(join(folder, MARK));
  await syncPath(folder);
}

export function isUnregistered(folder: string): boolean {
  return existsSync(join(folder, MARK));
}

/** Removes the folder of a database, if it is there. */
export async function removeReplica(folder: string): Promise<void> {
  // The mark goes last: a removal that is killed is made good, too.
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (name !== MARK) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/**
 * Removes what publishes left that were killed, and the marks of folders that are registered: a copy that was taken while a
 * publish went on may have them, and its control database may be exchanged for one of an earlier day.
 * @param control of the data directory, open: nothing is being made by somebody else
 * @returns the numbers of what was removed
 */
export async function removeUnregistered(dataDirectory: string, control: ControlDatabase): Promise<number[]> {
  const registered = new Set(control.databases().map(({ replica }) => replica));
  const removed: number[] = [];
  for (const entry of await replicaFolders(dataDirectory)) {
    const folder = join(dataDirectory, 'replicas', entry.name);
    if (!entry.isDirectory() || !isUnregistered(folder)) continue;
    if (registered.has(Number(entry.name))) await keepReplica(folder);
    else {
      await removeReplica(folder);
      removed.push(Number(entry.name));
    }
  }
  return removed;
}
