import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('syncing-writer.ts', import.meta.url));
const PATIENCE_MS = 60_000;

export interface WriterOptions {
  readonly file: string;
  /** Where the changes of all are. */
  readonly folder: string;
  readonly layout: 'log' | 'dimple';
  readonly writer: string;
  readonly count: number;
}

/** `syncing-writer.ts` in a process of its own. */
export class WriterProcess {
  readonly #child;
  readonly #end: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;
  #errors = '';
  /** How many transactions it has said to be committed. */
  saved = 0;

  private constructor({ file, folder, layout, writer, count }: WriterOptions) {
    const args = ['--conditions=lightcone-source', program, file, folder, layout, writer, `${count}`];
    this.#child = spawn(process.execPath, args, { stdio: 'pipe', timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
    this.#end = once(this.#child, 'close');
    this.#child.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Starts it; it waits for `go`. */
  static async start(options: WriterOptions): Promise<WriterProcess> {
    const writer = new WriterProcess(options);
    await writer.#until((line) => line === 'ready');
    return writer;
  }

  go(): void {
    this.#child.stdin.write('go\n');
  }

  /** Waits until it has done all, and ended. */
  async done(): Promise<void> {
    await this.#until((line) => line === 'done');
    const [code] = await this.#end;
    if (code !== 0) throw new Error(`the writer ended with ${String(code)}: ${this.#errors}`);
  }

  /** Ends it, in whatever it does, after so many transactions. */
  async killAfter(transactions: number): Promise<void> {
    await this.#until(() => this.saved >= transactions);
    await this.kill();
    await this.#until(() => false, true);
  }

  /** May be called again, and when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end;
  }

  async #until(isIt: (line: string) => boolean, mayEnd = false): Promise<void> {
    for (;;) {
      const { value: line, done } = await this.#lines.next();
      if (done === true && mayEnd) return;
      if (done === true) {
        await this.#end;
        throw new Error(`the writer ended too soon: ${this.#errors}`);
      }
      if (line.startsWith('saved ')) this.saved++;
      if (isIt(line)) return;
    }
  }
}
