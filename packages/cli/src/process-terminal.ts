import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Progress, Terminal } from './terminal.ts';

/**
 * One Ctrl-C reaches us several times: from the terminal, which tells its whole process group, and from npm and the
 * bootstrap, which pass on what they were told.
 */
const SAME_REQUEST_MS = 1000;

/** The terminal, or the pipes, that this process was started with. */
export class ProcessTerminal implements Terminal {
  readonly environment: Readonly<Record<string, string | undefined>> = process.env;
  readonly platform: NodeJS.Platform = process.platform;
  readonly homeFolder: string = homedir();
  readonly workingFolder: string = process.cwd();
  readonly isWatched: boolean = process.stdout.isTTY && process.stderr.isTTY;
  readonly hasColors: boolean = process.stderr.isTTY && !process.env['NO_COLOR'];

  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  write(text: string): void {
    process.stdout.write(text);
  }

  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  async ask(question: string): Promise<string> {
    const input = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const ended = new Promise<string>((resolve) => input.once('close', () => resolve('')));
      return await Promise.race([input.question(question), ended]);
    } finally {
      input.close();
    }
  }

  async progress(text: string): Promise<Progress> {
    if (!this.isWatched) {
      this.note(text);
      return {
        update: (next) => this.note(next),
        done: (last) => {
          if (last !== undefined) this.note(last);
        },
      };
    }
    // Loaded only where somebody watches: commands that print start faster without.
    const { spinner } = await import('@clack/prompts');
    const display = spinner({ output: process.stderr });
    display.start(text);
    return {
      update: (next) => display.message(next),
      done: (last) => (last === undefined ? display.clear() : display.stop(last)),
    };
  }

  untilStopped(): Promise<void> {
    return new Promise((resolve) => {
      let askedAtMs: number | undefined;
      const stop = (signal: NodeJS.Signals): void => {
        if (askedAtMs === undefined) {
          askedAtMs = performance.now();
          resolve();
        } else if (performance.now() - askedAtMs > SAME_REQUEST_MS) {
          // Who asks again does not want to wait: the process ends at once, as it would without us.
          process.off(signal, stop);
          process.kill(process.pid, signal);
        }
      };
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
    });
  }
}
