import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** How long what happens to a file is gathered before its listener is called. */
const gatherMs = 50;

/**
 * Calls when anyone writes to a database's file or to its write-ahead log. Keeps no process alive.
 * @returns the way out
 */
export function watchFile(file: string, listener: () => void): () => void {
  const name = basename(file);
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(file), { persistent: false }, (_, changed) => {
    if (changed !== null && changed !== name && changed !== `${name}-wal`) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      listener();
    }, gatherMs).unref();
  });
  // The folder went away: there is nothing to see any more.
  watcher.on('error', () => watcher.close());
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
