import { spawnSync } from 'node:child_process';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError } from './build-error.ts';

/** The file by which a folder is known to hold a module in AssemblyScript. */
export const ASSEMBLYSCRIPT_MARKER = 'asconfig.json';

const cli = resolve(fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url)));

/** Builds a module just as its author would, with `spacetime build`, and returns the path of the result. */
export function compileAssemblyScript(folder: string): string[] {
  const args = ['--conditions=lightcone-source', cli, 'build', '--no-config', '--module-path', folder];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new BuildError(`asc could not build ${folder}, see above`);
  return [join(folder, 'build', `${basename(folder)}.wasm`)];
}
