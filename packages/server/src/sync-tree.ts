import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Brings everything in a folder to the disk: what was copied by the system is not there yet. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(path) : syncPath(path));
  }
  await syncPath(folder);
}

/** Brings a file to the disk, or the names in a folder. */
export async function syncPath(path: string): Promise<void> {
  // Windows has no such thing for folders, and wants files open for writing.
  if (process.platform === 'win32') return;
  await using handle = await open(path, 'r');
  await handle.sync();
}
