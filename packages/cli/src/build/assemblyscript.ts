import { mkdir, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';
import { missingPackage } from './missing-tool.ts';
import type { BuildOptions, ModuleLanguage } from './module-language.ts';
import { findPackageFile } from './package-file.ts';

const SDK = '@lightcone/sdk-assemblyscript';
/** A file of the SDK, by which its folder is found. */
const SDK_FILE = `${SDK}/asconfig.json`;

/** AssemblyScript, whose compiler runs in this process: a program of its own would start longer than it compiles. */
export const assemblyscript: ModuleLanguage = {
  name: 'assemblyscript',
  title: 'AssemblyScript',
  marker: 'asconfig.json',
  outputFolders: ['build'],
  // What the transform tells the editor.
  lockFiles: ['generated.d.ts'],
  isOptimised: true,
  oneModuleHint: 'asconfig.json needs one entry.',
  compile: compileAssemblyScript,
};

/** What `assemblyscript/asc` exports, as far as it is used here. */
interface Compiler {
  main(
    args: readonly string[],
    options: { readonly stdout: TextOutput; readonly stderr: TextOutput },
  ): Promise<{ readonly error: Error | null }>;
}

interface TextOutput {
  write(chunk: string | Uint8Array): boolean;
}

async function compileAssemblyScript(folder: string, terminal: Terminal, { isDebug }: BuildOptions): Promise<string[]> {
  const sdkFolder = await linkSdk(folder);
  const compiler = await loadCompiler(sdkFolder);
  const wasm = join(folder, 'build', `${basename(folder)}.wasm`);
  const mode = isDebug ? ['--debug', '--optimizeLevel', '0'] : [];
  // Messages come in pieces; a person reads lines.
  const said: string[] = [];
  const output: TextOutput = { write: (chunk) => said.push(typeof chunk === 'string' ? chunk : chunk.toString()) > 0 };
  const args = ['--baseDir', folder, '--config', 'asconfig.json', '--outFile', wasm, ...mode];
  const { error } = await compiler.main(args, { stdout: output, stderr: output });
  const messages = said.join('').trimEnd();
  if (messages !== '') terminal.note(messages);
  if (error !== null) {
    // Mistakes of the module have been told of; what else went wrong has not.
    const reason = messages === '' ? `: ${error.message}` : ', see above';
    throw new CliError('CLI_BUILD_FAILED', `asc could not build ${folder}${reason}`, { cause: error });
  }
  return [wasm];
}

/**
 * The SDK that the module uses: its own if it has one installed, or the one of this command line, to which the module
 * gets a link, so that compiler and editor find it where npm would have put it.
 */
async function linkSdk(folder: string): Promise<string> {
  const installed = findPackageFile(SDK_FILE, folder);
  if (installed !== undefined) return dirname(installed);
  const ours = findPackageFile(SDK_FILE, import.meta.dirname);
  if (ours === undefined) throw missingPackage(SDK);
  const link = join(folder, 'node_modules', SDK);
  await mkdir(dirname(link), { recursive: true });
  // One that leads nowhere is from a command line that has been moved or replaced.
  await rm(link, { force: true });
  // On Windows a junction needs no rights that a link to a folder would.
  await symlink(dirname(ours), link, 'junction');
  return dirname(ours);
}

async function loadCompiler(sdkFolder: string): Promise<Compiler> {
  const manifest = findPackageFile('assemblyscript/package.json', sdkFolder);
  if (manifest === undefined) {
    throw new CliError('CLI_TOOL_MISSING', `${sdkFolder} has no assemblyscript beside it, on which it depends`, {
      hint: 'Install that package again.',
    });
  }
  const url = pathToFileURL(join(dirname(manifest), 'dist', 'asc.js')).href;
  return (await import(url)) as Compiler;
}
