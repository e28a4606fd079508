import { dirname } from 'node:path';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';
import { runTool } from './run-tool.ts';

/** What compilers emit for WebAssembly by default; wasm-opt refuses a module that uses a feature it was not told of. */
const FEATURES = [
  'bulk-memory',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];

const ENDING = '.opt.wasm';

/** Whether a file was written by `optimise`. */
export function isOptimisedFile(path: string): boolean {
  return path.endsWith(ENDING);
}

/**
 * Makes a module smaller and faster with binaryen's `wasm-opt`, where that is installed.
 * @param flags more of wasm-opt's, such as `-g`, which keeps names for traces
 * @returns the path of the result, beside the module
 */
export async function optimise(wasm: string, terminal: Terminal, flags: readonly string[]): Promise<string> {
  const optimised = wasm.replace(/\.wasm$/, ENDING);
  const features = FEATURES.map((feature) => `--enable-${feature}`);
  const run = await runTool(terminal, 'wasm-opt', ['-O2', ...flags, ...features, wasm, '-o', optimised], {
    folder: dirname(wasm),
  });
  if (run === undefined) {
    terminal.note('The module is not optimised: wasm-opt of binaryen is not installed.');
    return wasm;
  }
  if (run.exitCode !== 0) throw new CliError('CLI_BUILD_FAILED', `wasm-opt could not optimise ${wasm}, see above`);
  return optimised;
}
