import type { Progress, Terminal } from '../src/terminal.ts';

/** A terminal that keeps what is printed and answers as it was told. */
export class TestTerminal implements Terminal {
  environment: Readonly<Record<string, string | undefined>> = {};
  platform: NodeJS.Platform = 'linux';
  readonly homeFolder: string;
  workingFolder: string;
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
    this.workingFolder = homeFolder;
  }

  #look: () => void = () => {};

  /** Resolves when this is so; it is looked at after each line. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (isSo()) resolve();
      };
      this.#look();
    });
  }

  print(line: string): void {
    this.printed += `${line}\n`;
    this.onPrint(line);
    this.#look();
  }

  write(text: string): void {
    this.printed += text;
  }

  note(line: string): void {
    this.noted += `${line}\n`;
    this.#look();
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
