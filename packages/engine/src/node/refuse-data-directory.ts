import { readdir } from 'node:fs/promises';
import { EngineError } from '../errors.ts';

/** What a server has in its data directory. */
const FILES_OF_A_SERVER = ['control.sqlite', 'metadata.toml', 'replicas'];

/**
 * Refuses the data directory of a server, in which a program would make a new database beside those that are meant.
 *
 * One of the names alone may be the program's own; and where a log lies, a program has made its database before.
 *
 * @throws EngineError `ENGINE_DATA_DIR_UNUSABLE`
 */
export async function refuseDataDirectory(path: string): Promise<void> {
  // What else is wrong with a folder, its log says.
  const names = await readdir(path).catch((): string[] => []);
  const found = FILES_OF_A_SERVER.filter((name) => names.includes(name));
  if (found.length < 2 || names.includes('clog')) return;
  throw new EngineError(
    'ENGINE_DATA_DIR_UNUSABLE',
    `${path} is the data directory of a server (${found.join(' and ')} lie in it): \`Lightcone.open\` has one database in a ` +
      'folder of its own. Give another folder, or start a server with this one: `spacetime start --data-dir`.',
  );
}
