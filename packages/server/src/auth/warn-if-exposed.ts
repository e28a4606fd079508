import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';

/**
 * Warns of a file with a secret that other users of this machine may read. It is used all the same: where secrets are
 * mounted, their modes are not always the operator's to choose.
 */
export async function warnIfExposed(path: string, log: Logger): Promise<void> {
  if (process.platform === 'win32') return; // modes say nothing there
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  log.warn({ path, mode: mode.toString(8) }, 'others on this machine may read a secret; use chmod 600');
}
