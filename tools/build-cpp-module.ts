// Compiles a module in C++ with CMake and Emscripten, as its own CMakeLists.txt says.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError } from './build-error.ts';

const repository = resolve(fileURLToPath(new URL('..', import.meta.url)));
const toolchain = join(repository, 'packages', 'sdk-cpp', 'toolchains', 'wasm_toolchain.cmake');

/** The file by which a folder is known to hold a module in C++. */
export const CPP_MARKER = 'CMakeLists.txt';

/** @returns the paths of the `.wasm` files that the folder's targets make */
export function compileCpp(folder: string): string[] {
  const output = join(repository, 'target', 'cpp-modules', basename(folder));
  mkdirSync(output, { recursive: true });
  cmake(folder, ['-S', folder, '-B', output, '--log-level=WARNING', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`]);
  cmake(folder, ['--build', output, '--parallel']);
  const files = globSync('*.wasm', { cwd: output }).map((name) => join(output, name));
  if (files.length === 0)
    throw new BuildError(`${folder} builds no .wasm: its CMakeLists.txt needs add_executable(...)`);
  return files;
}

function cmake(folder: string, args: readonly string[]): void {
  const { status, error } = spawnSync('cmake', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (error !== undefined) {
    throw new BuildError(`cmake could not be run: ${error.message}. To install it: apt-get install cmake emscripten`);
  }
  if (status !== 0) throw new BuildError(`cmake could not build ${folder}, see above`);
}
