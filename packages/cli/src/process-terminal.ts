import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Progress, Terminal } from './terminal.ts';

/** The terminal, or the pipes, that this process was started with. */
export class ProcessTerminal implements Terminal {
  readonly environment: Readonly<Record<string, string | undefined>> = process.env;
  readonly platform: NodeJS.Platform = process.platform;
  readonly homeFolder: string = homedir();
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
      // The second one ends the process at once, as it would without us.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
  }
}
