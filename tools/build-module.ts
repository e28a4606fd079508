// Builds modules, in Rust, C++ or AssemblyScript, to the `.wasm` files that lie beside their sources. A folder is one module, or a
// workspace of several.
//
//   node tools/build-module.ts modules/quickstart-chat [another folder ...]
//   node tools/build-module.ts --all        every folder of modules/ with a module
//   --out-dir <folder>                      where the results go, instead of beside their sources
//
// The result is called <package, target or folder>.wasm. What comes from Rust and C++ is optimised when `wasm-opt`
// (binaryen) is installed; AssemblyScript brings its own. The same sources, locks and tools give the same bytes wherever
// the checkout lies.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findRustToolchain, RUST_TARGET, type RustToolchain } from '../packages/cli/src/build/rust-toolchain.ts';
import { CliError } from '../packages/cli/src/errors.ts';
import { ProcessTerminal } from '../packages/cli/src/process-terminal.ts';
import { ASSEMBLYSCRIPT_MARKER, compileAssemblyScript } from './build-assemblyscript-module.ts';
import { compileCpp, CPP_MARKER } from './build-cpp-module.ts';
import { BuildError } from './build-error.ts';

const RUST_MARKER = 'Cargo.toml';
const MARKERS = [RUST_MARKER, CPP_MARKER, ASSEMBLYSCRIPT_MARKER];
const repository = resolve(fileURLToPath(new URL('..', import.meta.url)));
const modules = join(repository, 'modules');

/** What LLVM emits for this target by default; wasm-opt refuses a module that uses a feature it was not told of. */
const wasmFeatures = [
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError || error instanceof CliError)) throw error;
  console.error(`error: ${error.message}`);
  if (error instanceof CliError && error.hint !== undefined) console.error(error.hint);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const { values: options, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false }, 'out-dir': { type: 'string' } },
  });
  const folders = options.all ? moduleFolders() : positionals.map((path) => resolve(path));
  if (folders.length === 0) throw new BuildError('name a module folder, or say --all');
  for (const folder of folders) {
    if (!isModule(folder)) throw new BuildError(`there is none of ${MARKERS.join(', ')} in ${folder}`);
  }
  // Looked for once, and only if a module needs it.
  let toolchain: RustToolchain | undefined;
  for (const folder of folders) {
    const resultFolder = options['out-dir'] ?? folder;
    mkdirSync(resultFolder, { recursive: true });
    if (existsSync(join(folder, ASSEMBLYSCRIPT_MARKER))) {
      for (const file of compileAssemblyScript(folder)) keep(file, resultFolder, copyFileSync);
      continue;
    }
    const built = existsSync(join(folder, RUST_MARKER))
      ? compileRust(folder, (toolchain ??= await findRustToolchain(new ProcessTerminal(), folder)))
      : compileCpp(folder);
    for (const file of built) keep(file, resultFolder, optimiseOrCopy);
  }
}

function isModule(folder: string): boolean {
  return MARKERS.some((marker) => existsSync(join(folder, marker)));
}

function moduleFolders(): string[] {
  const names = readdirSync(modules).sort();
  return names.map((name) => join(modules, name)).filter(isModule);
}

function keep(built: string, resultFolder: string, write: (from: string, to: string) => void): void {
  const result = join(resultFolder, `${basename(built, '.wasm').replaceAll('_', '-')}.wasm`);
  // Whoever watches or reads the result sees the old file or the new one, never half of one.
  const scratch = mkdtempSync(join(resultFolder, '.build-'));
  try {
    const next = join(scratch, 'module.wasm');
    write(built, next);
    renameSync(next, result);
    console.log(`${relative(process.cwd(), result)}: ${statSync(result).size} bytes`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function optimiseOrCopy(from: string, to: string): void {
  if (optimise(from, to)) return;
  copyFileSync(from, to);
  console.log('not optimised: wasm-opt of binaryen is not installed');
}

/** Runs cargo and returns the paths of the modules that it made. */
function compileRust(folder: string, toolchain: RustToolchain): string[] {
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const cargo = spawnSync(
    toolchain.cargo,
    [
      'build',
      '--release',
      '--target',
      RUST_TARGET,
      '--message-format=json-render-diagnostics',
      ...toolchain.buildArguments,
    ],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        // One folder for all modules: the standard library and the crates they share are compiled once.
        CARGO_TARGET_DIR: join(repository, 'target', 'modules'),
        // New dependencies are taken in the newest version that the manifest's rust-version can compile.
        CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: 'fallback',
        // Panic messages name the sources of crates, which lie in the builder's home.
        CARGO_ENCODED_RUSTFLAGS: `--remap-path-prefix=${cargoHome}=/cargo`,
        ...toolchain.environment,
      },
    },
  );
  if (cargo.error !== undefined) throw new BuildError(`${toolchain.cargo} could not be run: ${cargo.error.message}`);
  if (cargo.status !== 0) throw new BuildError(`cargo could not build ${folder}, see above`);
  const artifacts = cargo.stdout.split('\n').flatMap(artifactFiles);
  const files = artifacts.filter((name) => name.endsWith('.wasm'));
  if (files.length === 0)
    throw new BuildError(`${folder} builds no .wasm: its Cargo.toml needs crate-type = ["cdylib"]`);
  return files;
}

/** The files that one line of cargo's JSON messages says were made. */
function artifactFiles(line: string): string[] {
  if (!line.startsWith('{')) return [];
  const message = JSON.parse(line) as { reason: string; filenames?: string[] };
  return message.reason === 'compiler-artifact' ? (message.filenames ?? []) : [];
}

/** False if there is no wasm-opt on this machine. */
function optimise(from: string, to: string): boolean {
  const { status, error } = spawnSync('wasm-opt', ['-O2', ...wasmFeatures, from, '-o', to], { stdio: 'inherit' });
  if (error !== undefined) return false;
  if (status !== 0) throw new BuildError(`wasm-opt could not optimise ${from}, see above`);
  return true;
}
