import { CommanderError } from 'commander';
import { withExplicitValues } from './common-options.ts';
import { printError } from './output/print-error.ts';
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
    // Help and version end that way too, and commander has said what there is to say.
    if (error instanceof CommanderError) return error.exitCode;
    printError(terminal, error);
    return 1;
  }
}
