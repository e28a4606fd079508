import { globSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';
import { missingPackage, missingTool } from './missing-tool.ts';
import type { BuildOptions, ModuleLanguage } from './module-language.ts';
import { isOptimisedFile } from './optimise.ts';
import { findPackageFile } from './package-file.ts';
import { runTool } from './run-tool.ts';

const SDK = '@lightcone/sdk-cpp';

/** C++, with the headers of `@lightcone/sdk-cpp` that came with this command line. */
export const cpp: ModuleLanguage = {
  name: 'cpp',
  title: 'C++',
  marker: 'CMakeLists.txt',
  outputFolders: ['build'],
  lockFiles: [],
  isOptimised: false,
  oneModuleHint: 'CMakeLists.txt needs one target: add_executable(my-module src/module.cpp)',
  compile: compileCpp,
};

async function compileCpp(folder: string, terminal: Terminal, { isDebug }: BuildOptions): Promise<string[]> {
  const output = join(folder, 'build');
  const toolchain = findPackageFile(`${SDK}/toolchains/wasm_toolchain.cmake`, import.meta.dirname);
  if (toolchain === undefined) throw missingPackage(SDK);
  if ((await runTool(terminal, 'em++', ['--version'], { folder, isQuiet: true })) === undefined) {
    throw missingTool('cpp', terminal.platform, 'there is no em++ here, the compiler of Emscripten');
  }
  const settings = [`-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, `-DCMAKE_BUILD_TYPE=${isDebug ? 'Debug' : 'Release'}`];
  await runCmake(folder, terminal, ['-S', folder, '-B', output, '--log-level=WARNING', ...settings]);
  await runCmake(folder, terminal, ['--build', output, '--parallel']);
  const files = globSync('*.wasm', { cwd: output }).sort();
  return files.filter((file) => !isOptimisedFile(file)).map((file) => join(output, file));
}

async function runCmake(folder: string, terminal: Terminal, args: readonly string[]): Promise<void> {
  const run = await runTool(terminal, 'cmake', args, { folder, isStdoutNoted: true });
  if (run === undefined) throw missingTool('cpp', terminal.platform, 'there is no cmake here');
  if (run.exitCode !== 0) throw new CliError('CLI_BUILD_FAILED', `cmake could not build ${folder}, see above`);
}
