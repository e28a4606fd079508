import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isLocked } from '../control/sqlite-failure.ts';
import { ServerError } from '../errors.ts';

/**
 * Refuses a data directory that a server has open.
 *
 * A server that stops removes its pid file and the control database's log; only beside one of them can there be a lock,
 * and the first may be missing where the disk was full. It is looked for without taking it.
 * @throws ServerError `SERVER_DATA_DIR_LOCKED`
 */
export async function refuseRunning(path: string): Promise<void> {
  const pid = await readFile(join(path, 'spacetime.pid'), 'utf8').catch(() => undefined);
  const control = join(path, 'control.sqlite');
  if (pid === undefined && !(await exists(`${control}-wal`))) return;
  if (!(await exists(control)) || !isInUse(control)) return;
  const id = pid?.trim() ?? '';
  const process = id === '' ? '' : ` (process ${id})`;
  throw new ServerError(
    'SERVER_DATA_DIR_LOCKED',
    `${path} is in use by a server${process}: stop it first. Its files change while it runs, so that ` +
      'what is read of them does not belong together.',
  );
}

function isInUse(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    // Whatever else is wrong with the file is for the check of its content.
    return isLocked(error);
  } finally {
    database?.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
