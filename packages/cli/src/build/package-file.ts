import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The path of a file of an installed package, as programs in a folder find it.
 * @param name `@scope/package/path/of/the/file`
 */
export function findPackageFile(name: string, folder: string): string | undefined {
  try {
    return createRequire(join(folder, 'any.js')).resolve(name);
  } catch {
    return undefined;
  }
}
