import { Command } from 'commander';
import { CliSession } from './cli-session.ts';
import { backupCommand } from './commands/backup.ts';
import { buildCommand } from './commands/build.ts';
import { callCommand } from './commands/call.ts';
import { deleteCommand } from './commands/delete.ts';
import { describeCommand } from './commands/describe.ts';
import { devCommand } from './commands/dev.ts';
import { generateCommand } from './commands/generate.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import { inspectCommand } from './commands/inspect.ts';
import { listCommand } from './commands/list.ts';
import { lockCommand, unlockCommand } from './commands/lock.ts';
import { loginCommand, logoutCommand } from './commands/login.ts';
import { logsCommand } from './commands/logs.ts';
import { publishCommand } from './commands/publish.ts';
import { renameCommand } from './commands/rename.ts';
import { restoreCommand } from './commands/restore.ts';
import { serverCommand } from './commands/server.ts';
import { sqlCommand } from './commands/sql.ts';
import { startCommand } from './commands/start.ts';
import { subscribeCommand } from './commands/subscribe.ts';
import { verifyCommand } from './commands/verify.ts';
import { versionCommand } from './commands/version.ts';
import type { PathOptions } from './config/cli-paths.ts';
import type { Terminal } from './terminal.ts';
import { printError } from './output/print-error.ts';
import { versionText } from './version-text.ts';

/** The whole command line. Errors are thrown, and nothing ends the process. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('spacetime')
    .description('Run a Lightcone server, and work with the databases on it.')
    .version(versionText(), '-V, --version')
    .option('--root-dir <folder>', 'keep configuration and data under this folder')
    .option('--config-path <file>', 'the configuration file, instead of cli.toml');
  const session = new CliSession(terminal, () => program.opts<PathOptions>());
  program
    .addCommand(initCommand(session))
    .addCommand(devCommand(session))
    .addCommand(buildCommand(session))
    .addCommand(startCommand(session))
    .addCommand(publishCommand(session))
    .addCommand(callCommand(session))
    .addCommand(sqlCommand(session))
    .addCommand(subscribeCommand(session))
    .addCommand(logsCommand(session))
    .addCommand(listCommand(session))
    .addCommand(describeCommand(session))
    .addCommand(inspectCommand(session))
    .addCommand(deleteCommand(session))
    .addCommand(renameCommand(session))
    .addCommand(lockCommand(session))
    .addCommand(unlockCommand(session))
    .addCommand(loginCommand(session))
    .addCommand(logoutCommand(session))
    .addCommand(serverCommand(session))
    .addCommand(backupCommand(session))
    .addCommand(restoreCommand(session))
    .addCommand(verifyCommand(session))
    .addCommand(importCommand(session))
    .addCommand(versionCommand(session))
    .addCommand(generateCommand(), { hidden: true });
  prepare(program, terminal);
  return program;
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
