import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { withExplicitValues } from './common-options.ts';
import { CliError } from './errors.ts';
import { createProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code: 0, or 1 after an error, which has been printed
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(withExplicitValues(args), { from: 'user' });
    return 0;
  } catch (error) {
    // Help and version end that way too. Help after no or a wrong command has been printed already.
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && error.code !== 'commander.help') printError(terminal, error);
      return error.exitCode;
    }
    printError(terminal, error);
    return 1;
  }
}

function printError(terminal: Terminal, error: unknown): void {
  const label = terminal.hasColors ? styleText('red', 'Error:', { validateStream: false }) : 'Error:';
  const message = error instanceof Error ? error.message.replace(/^error: /, '') : String(error);
  terminal.note(`${label} ${message}`);
  if (error instanceof CliError) {
    if (error.hint !== undefined) terminal.note(`\n${error.hint}`);
  } else if (error instanceof Error && !(error instanceof CommanderError) && !hasCode(error)) {
    // Not an error that somebody meant to be read: where it comes from is what helps.
    terminal.note(error.stack ?? '');
  }
}

function hasCode(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string';
}
