// Builds modules, in Rust, C++ or AssemblyScript, to the `.wasm` files that lie beside their sources. A folder is one
// module, or a workspace of several.
//
//   node tools/build-module.ts modules/quickstart-chat [another folder ...]
//   node tools/build-module.ts --all        every folder of modules/ with a module
//   --out-dir <folder>                      where the results go, instead of beside their sources
//
// The compilers are run as by `spacetime build`. The result is called <package, target or folder>.wasm. What comes from
// Rust and C++ is optimised when `wasm-opt` (binaryen) is installed; AssemblyScript brings its own. The same sources,
// locks and tools give the same bytes wherever the checkout lies.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findLanguage, MODULE_LANGUAGES } from '../packages/cli/src/build/find-language.ts';
import { optimise } from '../packages/cli/src/build/optimise.ts';
import { CliError } from '../packages/cli/src/errors.ts';
import { ProcessTerminal } from '../packages/cli/src/process-terminal.ts';
import { root } from './run.ts';

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  console.error(`error: ${error.message}`);
  if (error.hint !== undefined) console.error(error.hint);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const { values: options, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false }, 'out-dir': { type: 'string' } },
  });
  const folders = options.all ? moduleFolders() : positionals.map((path) => resolve(path));
  if (folders.length === 0) throw new CliError('CLI_INVALID_ARGUMENT', 'name a module folder, or say --all');
  const modules = folders.map((folder) => ({ folder, language: findLanguage(folder) }));
  Object.assign(process.env, {
    // One folder for all modules: the standard library and the crates they share are compiled once.
    CARGO_TARGET_DIR: join(root, 'target', 'modules'),
    RUSTC_WRAPPER: join(root, 'tools', 'rustc-with-crate-paths.sh'),
  });
  const terminal = new ProcessTerminal();
  for (const { folder, language } of modules) {
    const resultFolder = options['out-dir'] ?? folder;
    mkdirSync(resultFolder, { recursive: true });
    const built = await language.compile(folder, terminal, { isDebug: false });
    if (built.length === 0) {
      throw new CliError('CLI_BUILD_FAILED', `${folder} builds no .wasm`, { hint: language.oneModuleHint });
    }
    for (const file of built) {
      const name = `${basename(file, '.wasm').replaceAll('_', '-')}.wasm`;
      keep(language.isOptimised ? file : await optimise(file, terminal, []), join(resultFolder, name));
    }
  }
}

function moduleFolders(): string[] {
  const modules = join(root, 'modules');
  const folders = readdirSync(modules)
    .sort()
    .map((name) => join(modules, name));
  return folders.filter((folder) => MODULE_LANGUAGES.some(({ marker }) => existsSync(join(folder, marker))));
}

/** Whoever watches or reads the result sees the old file or the new one, never half of one. */
function keep(built: string, result: string): void {
  const scratch = mkdtempSync(join(result, '..', '.build-'));
  try {
    const next = join(scratch, 'module.wasm');
    copyFileSync(built, next);
    renameSync(next, result);
    console.log(`${relative(process.cwd(), result)}: ${statSync(result).size} bytes`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
