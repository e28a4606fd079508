import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The path of a file of a package that is installed in a folder or above it. `require.resolve` would also look where
 * `NODE_PATH` says, which pnpm sets for the commands it installs: there no compiler looks.
 * @param name `@scope/package/path/of/the/file`
 */
export function findPackageFile(name: string, folder: string): string | undefined {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return realpathSync(path);
  const above = dirname(folder);
  return above === folder ? undefined : findPackageFile(name, above);
}
