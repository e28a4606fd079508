import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, unless it is there.
 *
 * Not as `mkdir` with `recursive` does: in Node 24 that says ENOENT of a file system that is read-only, and never ends
 * where one answers ENOENT itself, as `/proc` does.
 */
export async function makeFolder(path: string): Promise<void> {
  const above = dirname(path);
  if (above !== path && !existsSync(above)) await makeFolder(above);
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await stat(path)).isDirectory()) return;
    throw Object.assign(new Error(`${path} is no folder`, { cause: error }), { code: 'ENOTDIR' });
  }
}
