import { relative } from 'node:path';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { buildModule } from '../build/build-module.ts';
import { findLanguage } from '../build/find-language.ts';
import type { CliSession } from '../cli-session.ts';
import { modulePathOption, noConfigOption, projectPathOption } from '../common-options.ts';
import { moduleFolder } from '../project/module-folder.ts';

interface BuildOptions {
  readonly modulePath?: string;
  readonly projectPath?: string;
  readonly debug?: boolean;
  readonly config: boolean;
}

export function buildCommand(session: CliSession): Command {
  return new Command('build')
    .description('compile a module to WebAssembly')
    .addOption(modulePathOption())
    .addOption(projectPathOption())
    .option('-d, --debug', 'faster to build, larger and slower to run')
    .addOption(noConfigOption())
    .action((options: BuildOptions) => runBuild(session, options));
}

async function runBuild(session: CliSession, options: BuildOptions): Promise<void> {
  const { terminal } = session;
  const folder = moduleFolder(
    terminal.workingFolder,
    options.modulePath ?? options.projectPath,
    session.project(options),
  );
  const wasm = await buildModule(findLanguage(folder), folder, terminal, { isDebug: options.debug === true });
  const { size } = await stat(wasm);
  terminal.note(`Build finished successfully: ${size.toLocaleString('en')} bytes`);
  terminal.print(relative(terminal.workingFolder, wasm));
}
