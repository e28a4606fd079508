import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ServerProcess } from './server-process.ts';

/** What `tools/build-rust-client.ts` makes. */
export const RUST_CLIENT_PATH: string = fileURLToPath(
  new URL('../../target/rust-client/debug/rust-client', import.meta.url),
);

export interface RustClientOptions {
  readonly compression?: 'None' | 'Gzip' | 'Brotli';
  readonly reads?: 'default' | 'confirmed' | 'unconfirmed';
  readonly token?: string;
}

/** A process with one connection of the official Rust SDK; `smoketests/rust-client` says what it understands. */
export class RustClient implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Lines that nobody has asked for yet. */
  readonly #lines: string[] = [];
  #errors = '';
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(server: ServerProcess, database: string, options: RustClientOptions = {}) {
    const { compression = 'Brotli', reads = 'default', token } = options;
    const args = [server.url, database, compression, reads, ...(token === undefined ? [] : [token])];
    this.#child = spawn(RUST_CLIENT_PATH, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // It may end before it has read everything.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    createInterface(this.#child.stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#child.once('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  tell(command: string): void {
    this.#child.stdin.write(`${command}\n`);
  }

  /** The next line that begins with one of `starts`; the lines before it come along. */
  async until(...starts: string[]): Promise<string[]> {
    for (;;) {
      const at = this.#lines.findIndex((line) => starts.some((start) => line.startsWith(start)));
      if (at >= 0) return this.#lines.splice(0, at + 1);
      if (this.#isOver) {
        throw new Error(`the client ended without "${starts.join('" or "')}"; it said:
${[...this.#lines, this.#errors].join('\n')}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Tells it something; resolves with what it says up to the line that begins with `start`. */
  ask(command: string, start: string): Promise<string[]> {
    this.tell(command);
    return this.until(start);
  }

  /** Who it is, once it is connected. */
  async connected(): Promise<{ readonly identity: string; readonly token: string }> {
    const line = (await this.until('connected ')).at(-1) ?? '';
    const [, identity = '', token = ''] = line.split(' ');
    return { identity, token };
  }

  /** No more commands: it ends with its connection. @returns its exit code */
  async finish(): Promise<number | null> {
    this.#child.stdin.end();
    if (!this.#isOver) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}
