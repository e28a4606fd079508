import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';
import type { BuildOptions, ModuleLanguage } from './module-language.ts';
import { optimise } from './optimise.ts';

/**
 * Builds the one module in a folder.
 * @returns the path of the `.wasm`
 * @throws CliError `CLI_BUILD_FAILED`, `CLI_TOOL_MISSING`
 */
export async function buildModule(
  language: ModuleLanguage,
  folder: string,
  terminal: Terminal,
  options: BuildOptions,
): Promise<string> {
  const hint = language.oneModuleHint;
  const [wasm, ...others] = await language.compile(folder, terminal, options);
  if (wasm === undefined) throw new CliError('CLI_BUILD_FAILED', `${folder} builds no .wasm`, { hint });
  if (others.length > 0) {
    throw new CliError('CLI_BUILD_FAILED', `${folder} builds ${others.length + 1} modules, and only one can be meant`, {
      hint,
    });
  }
  return language.isOptimised || options.isDebug ? wasm : optimise(wasm, terminal, ['-g']);
}
