import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Brings everything in a folder to the disk: what was copied by the system is not there yet. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(path) : sync(path));
  }
  await sync(folder);
}

/** Brings the names in a folder to the disk. */
export function syncFolder(folder: string): Promise<void> {
  return sync(folder);
}

async function sync(path: string): Promise<void> {
  // Windows has no such thing for folders, and wants files open for writing.
  if (process.platform === 'win32') return;
  await using handle = await open(path, 'r');
  await handle.sync();
}
