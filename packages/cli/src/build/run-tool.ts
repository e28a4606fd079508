import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

export interface ToolRun {
  readonly exitCode: number | null;
  readonly stdout: string;
}

export interface ToolOptions {
  readonly folder: string;
  /** Beside the terminal's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For tools whose standard output is for people, too. */
  readonly isStdoutNoted?: boolean;
  /** For tools that are only asked whether they are there. */
  readonly isQuiet?: boolean;
}

/**
 * Runs a program to its end. Its standard error goes to the terminal line by line, as it comes.
 * @returns undefined if there is no such program
 */
export async function runTool(
  terminal: Terminal,
  program: string,
  args: readonly string[],
  { folder, environment, isStdoutNoted, isQuiet }: ToolOptions,
): Promise<ToolRun | undefined> {
  const env = { ...terminal.environment, ...environment };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const note = (line: string): void => {
    if (isQuiet !== true) terminal.note(line);
  };
  createInterface({ input: child.stderr }).on('line', note);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const stdout = isStdoutNoted === true ? noteLines(child.stdout, note) : text(child.stdout);
  try {
    const [printed, [exitCode]] = await Promise.all([stdout, closed]);
    return { exitCode, stdout: printed };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('CLI_BUILD_FAILED', `${program} could not be run: ${reason}`, { cause });
  }
}

async function noteLines(input: NodeJS.ReadableStream, note: (line: string) => void): Promise<string> {
  for await (const line of createInterface({ input })) note(line);
  return '';
}
