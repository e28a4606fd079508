import type { BlobStore } from '@lightcone/blobs';
import { FolderBlobStore, openBlobStore } from '@lightcone/blobs/node';
import { listGivenFolder } from '../given-folder.ts';

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
  const expected = 'what `spacetime start --archive` was given, or `location` under [backup] of a config.toml';
  if (store instanceof FolderBlobStore) await listGivenFolder(location, expected, 'SERVER_COPY_MISSING');
  return store;
}
