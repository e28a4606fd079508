import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncPath } from './sync-tree.ts';

/**
 * Writes a small file, which is never seen half written: a process or a machine that ends meanwhile leaves what was there
 * before.
 */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncPath(dirname(path));
}
