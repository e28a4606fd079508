import { stat } from 'node:fs/promises';
import type { BlobStore } from '@lightcone/blobs';
import { FolderBlobStore, openBlobStore } from '@lightcone/blobs/node';
import { ServerError } from '../errors.ts';

/**
 * Opens the place of an archive or of backups, to read what is there.
 *
 * @param env where a bucket's service and keys are looked for
 * @throws BlobError `BLOB_INVALID_LOCATION`; ServerError `SERVER_COPY_MISSING` if it is a folder that is not there
 */
export async function openCopies(
  location: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BlobStore> {
  const store = openBlobStore(location, env);
  const problem = store instanceof FolderBlobStore ? await problemOf(location) : undefined;
  if (problem === undefined) return store;
  const expected = 'what `spacetime start --archive` was given, or `location` under [backup] of a config.toml';
  throw new ServerError('SERVER_COPY_MISSING', `${location} ${problem}: expected ${expected}.`);
}

async function problemOf(folder: string): Promise<string | undefined> {
  try {
    return (await stat(folder)).isDirectory() ? undefined : 'is no folder';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'is not there';
    return code === 'ENOTDIR' ? 'is no folder' : `cannot be read (${message})`;
  }
}
