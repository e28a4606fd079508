import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, unless it is there.
 *
 * Not as `mkdir` with `recursive` does: in Node 24 that says ENOENT of a file system that is read-only, and never ends
 * where one answers ENOENT itself, as `/proc` does.
 *
 * @returns the first one that was made; undefined if none was
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const above = dirname(path);
  const firstMade = above === path || (await isThere(above)) ? undefined : await makeFolder(above);
  try {
    await mkdir(path);
    return firstMade ?? path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await stat(path)).isDirectory()) return firstMade;
    throw Object.assign(new Error(`${path} is no folder`, { cause: error }), { code: 'ENOTDIR' });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
