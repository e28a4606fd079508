import type { Progress, Terminal } from '../src/terminal.ts';

/** A terminal that keeps what is printed and answers as it was told. */
export class TestTerminal implements Terminal {
  readonly environment: Readonly<Record<string, string | undefined>> = {};
  readonly platform = 'linux';
  readonly homeFolder: string;
  readonly isWatched = false;
  readonly hasColors = false;
  printed = '';
  noted = '';
  /** Answers to questions, first come first. */
  answers: string[] = [];
  /** Called with each line that is printed. */
  onPrint: (line: string) => void = () => {};
  readonly #stop = Promise.withResolvers<void>();

  constructor(homeFolder: string) {
    this.homeFolder = homeFolder;
  }

  print(line: string): void {
    this.printed += `${line}\n`;
    this.onPrint(line);
  }

  write(text: string): void {
    this.printed += text;
  }

  note(line: string): void {
    this.noted += `${line}\n`;
  }

  async ask(question: string): Promise<string> {
    this.note(question);
    return this.answers.shift() ?? '';
  }

  async progress(text: string): Promise<Progress> {
    this.note(text);
    return { update: (next) => this.note(next), done: (last) => this.note(last ?? '') };
  }

  stop(): void {
    this.#stop.resolve();
  }

  untilStopped(): Promise<void> {
    return this.#stop.promise;
  }
}
