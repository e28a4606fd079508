import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { jsonOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { formatModuleReport } from '../output/module-report.ts';

export function inspectCommand(session: CliSession): Command {
  return new Command('inspect')
    .description('say what is in a module, and whether a server of this version takes it; needs no server')
    .argument('<file>', 'a module, built to WebAssembly')
    .addOption(jsonOption())
    .action((file: string, options: { readonly json?: boolean }) => runInspect(session, file, options.json === true));
}

async function runInspect({ terminal }: CliSession, path: string, isJson: boolean): Promise<void> {
  const program = await read(path);
  // Loaded only here: the other commands need nothing of what runs modules, and start faster without.
  const { inspectProgram } = await import('@lightcone/engine/inspect');
  const report = await inspectProgram(program);
  terminal.print(isJson ? JSON.stringify(report, undefined, 2) : formatModuleReport(report));
  if (!report.verdict.isAccepted) {
    throw new CliError('CLI_REFUSED', `a server would refuse ${basename(path)} (${report.verdict.code})`);
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : path;
    throw new CliError('CLI_INVALID_ARGUMENT', `${path} cannot be read: ${reason}`, { cause });
  }
}
