import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '@lightcone/blobs/make-folder';
import { syncPath } from './sync-tree.ts';

/**
 * Writes a small file, which is never seen half written: a process or a machine that ends meanwhile leaves what was there
 * before.
 */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.new`;
  try {
    await using file = await open(temporary, 'w', mode);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
  await syncPath(dirname(path));
}
