import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetadata } from '../directory-metadata.ts';
import { ServerError } from '../errors.ts';
import { listGivenFolder } from '../given-folder.ts';
import { replicaFolders } from '../replica-folders.ts';

/** What is to be imported, for messages. */
const DATA_DIRECTORY = 'the data directory of SpacetimeDB 2.x, with its metadata.toml and replicas';

/**
 * The replicas of a data directory of SpacetimeDB 2.x, ascending.
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`, `SERVER_DATA_DIR_INCOMPATIBLE`, `SERVER_DATA_DIR_LOCKED`,
 *   `SERVER_IMPORT_REFUSED`
 */
export async function openSource(path: string): Promise<number[]> {
  const names = await listGivenFolder(path, DATA_DIRECTORY);
  if (!names.includes('metadata.toml')) {
    throw new ServerError('SERVER_DATA_DIR_UNUSABLE', `${path} has no metadata.toml: expected ${DATA_DIRECTORY}.`);
  }
  const { edition, version } = await readMetadata(join(path, 'metadata.toml')).catch((cause: Error) => {
    throw new ServerError('SERVER_DATA_DIR_UNUSABLE', `${path}/metadata.toml cannot be read: ${cause.message}`, {
      cause,
    });
  });
  if (edition === 'lightcone') {
    throw new ServerError(
      'SERVER_DATA_DIR_INCOMPATIBLE',
      `${path} is a data directory of Lightcone: there is nothing to import. Use it with --data-dir.`,
    );
  }
  if (edition !== 'standalone' || typeof version !== 'string' || !version.startsWith('2.')) {
    throw new ServerError(
      'SERVER_DATA_DIR_INCOMPATIBLE',
      `${path}/metadata.toml says edition ${JSON.stringify(edition)}, version ${JSON.stringify(version)}; what can be ` +
        'imported is edition "standalone", version 2.x. One of version 1.x becomes 2.x when SpacetimeDB 2.x opens it.',
    );
  }
  await refuseLiving(path);
  const replicas = await replicaFolders(path);
  const link = replicas.find((entry) => entry.isSymbolicLink());
  if (link !== undefined) {
    // It could lead to another's data, and without it the import would seem to be whole.
    const message = `${path}/replicas/${link.name} is a link, which is not followed: put the folder itself in its place`;
    throw new ServerError('SERVER_IMPORT_REFUSED', message);
  }
  return replicas
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => Number(name))
    .toSorted((a, b) => a - b);
}

/** SpacetimeDB's lock is one that Node cannot ask for, so that the pid in its file has to do. */
async function refuseLiving(path: string): Promise<void> {
  const text = await readFile(join(path, 'spacetime.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0) || !isAlive(pid)) return;
  throw new ServerError(
    'SERVER_DATA_DIR_LOCKED',
    `${path} is in use by process ${pid}, by its spacetime.pid: stop that server first. If it is another program that ` +
      'has this number by now, delete the file.',
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
