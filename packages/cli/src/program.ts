import { Command } from 'commander';
import { CliSession } from './cli-session.ts';
import { startCommand } from './commands/start.ts';
import type { PathOptions } from './config/cli-paths.ts';
import type { Terminal } from './terminal.ts';
import { printError } from './output/print-error.ts';
import { versionText } from './version-text.ts';

/**
 * The command line, as much of it as these arguments need. Errors are thrown, and nothing ends the process.
 * @param args without the program's name
 */
export async function createProgram(args: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command('spacetime')
    .description('Run a Lightcone server, and work with the databases on it.')
    .version(versionText(), '-V, --version')
    .option('--root-dir <folder>', 'keep configuration and data under this folder')
    .option('--config-path <file>', 'the configuration file, instead of cli.toml');
  const session = new CliSession(terminal, () => program.opts<PathOptions>());
  await addCommands(program, args, session);
  prepare(program, terminal);
  return program;
}

/** A server keeps in memory what it has loaded: it loads none of the other commands, which is 2 MB. */
async function addCommands(program: Command, [first]: readonly string[], session: CliSession): Promise<void> {
  if (first === 'start') {
    program.addCommand(startCommand(session));
    return;
  }
  const { addAllCommands } = await import('./commands/add-all-commands.ts');
  addAllCommands(program, session);
}

/** The words that call the command. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Settings that a command added to another one does not inherit. */
function prepare(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.write(text),
    writeErr: (text) => terminal.note(text.trimEnd()),
    outputError: (text) => printError(terminal, text.trimEnd()),
  });
  command.showHelpAfterError(`\n\`${pathOf(command)} --help\` says what it takes.`);
  for (const child of command.commands) prepare(child, terminal);
}
