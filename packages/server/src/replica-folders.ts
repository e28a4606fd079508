import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerError } from './errors.ts';

/**
 * What lies in the folder `replicas` of a data directory under names that databases' folders have; nothing if it is missing.
 *
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE` if it cannot be read: that is not to be taken for there being nothing
 */
export async function replicaFolders(dataDirectory: string): Promise<Dirent[]> {
  const folder = join(dataDirectory, 'replicas');
  try {
    return (await readdir(folder, { withFileTypes: true })).filter(({ name }) => /^\d{1,15}$/u.test(name));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ServerError('SERVER_DATA_DIR_UNUSABLE', `${folder} cannot be read: ${message}`, { cause });
  }
}
