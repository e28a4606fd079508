import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The path of a built module: of the one in the repository, or the one that CI has just built from source.
 * @param folder where it lies, if it is one of several of a workspace
 */
export function modulePath(name: string, folder = name): string {
  const built = process.env['LIGHTCONE_MODULES_DIR'];
  return join(built ?? join(repository, 'modules', folder), `${name}.wasm`);
}

export const chatPageFolder: string = join(repository, 'modules', 'quickstart-chat', 'web');

export const toDoFolder: string = join(repository, 'examples', 'to-do');

export const terminalClient: string = join(repository, 'modules', 'quickstart-chat', 'client.ts');
