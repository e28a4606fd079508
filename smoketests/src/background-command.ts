import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { outputPattern } from './document-commands.ts';

const PATIENCE_MS = 240_000;

/** A command that goes on in a terminal of its own, whose lines are waited for. */
export class BackgroundCommand {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';
  #read = 0;
  #look: () => void = () => {};

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString();
      this.#look();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('close', () => this.#look());
  }

  /** Waits for these lines, in this order, with any others between them. */
  async expectLines(lines: string): Promise<void> {
    for (const line of lines.trimEnd().split('\n')) await this.#expectLine(line);
  }

  #expectLine(line: string): Promise<void> {
    const { source } = outputPattern(line.trim());
    const pattern = new RegExp(source.slice(1, -1), 'gu');
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        reject(new Error(`\`${this.#name}\` ${why} instead of ${line}; it printed:\n${this.#output}`));
      };
      const timer = setTimeout(fail, PATIENCE_MS, 'said nothing more');
      this.#look = () => {
        pattern.lastIndex = this.#read;
        const isFound = pattern.test(this.#output);
        if (!isFound && this.#child.exitCode === null) return;
        clearTimeout(timer);
        this.#look = () => {};
        if (!isFound) return fail('ended');
        this.#read = pattern.lastIndex;
        resolve();
      };
      this.#look();
    });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await closed;
  }
}
