import { styleText } from 'node:util';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

/** Prints why a command line failed, and the way out if it is known. */
export function printError(terminal: Terminal, error: unknown): void {
  const label = terminal.hasColors ? styleText('red', 'Error:', { validateStream: false }) : 'Error:';
  const message = error instanceof Error ? error.message : String(error);
  terminal.note(`${label} ${message.replace(/^error: /, '')}`);
  if (error instanceof CliError) {
    if (error.hint !== undefined) terminal.note(`\n${error.hint}`);
  } else if (error instanceof Error && !hasCode(error)) {
    // Not an error that somebody meant to be read: where it comes from is what helps.
    terminal.note(error.stack ?? '');
  }
}

function hasCode(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string';
}
