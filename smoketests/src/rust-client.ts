import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ServerProcess } from './server-process.ts';

/** The SDK's major versions: the first speaks `v1.bsatn`, the second `v2.bsatn`. */
export type SdkVersion = 'v1' | 'v2';

/** What `tools/build-rust-clients.ts` makes. */
export function rustClientPath(version: SdkVersion): string {
  return fileURLToPath(new URL(`../../target/rust-clients/debug/rust-client-${version}`, import.meta.url));
}

export interface RustClientOptions {
  readonly compression?: 'None' | 'Gzip' | 'Brotli';
  readonly reads?: 'default' | 'confirmed' | 'unconfirmed';
  readonly token?: string;
}

/** A process with one connection of the official Rust SDK; `smoketests/rust-clients` says what it understands. */
export class RustClient implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Lines that nobody has asked for yet. */
  readonly #lines: string[] = [];
  #errors = '';
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(version: SdkVersion, server: ServerProcess, database: string, options: RustClientOptions = {}) {
    const { compression = 'Brotli', reads = 'default', token } = options;
    const args = [server.url, database, compression, reads, ...(token === undefined ? [] : [token])];
    this.#child = spawn(rustClientPath(version), args, { stdio: ['pipe', 'pipe', 'pipe'] });
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

  /** The next line that begins with `start`; the lines before it come along. */
  async until(start: string): Promise<string[]> {
    const end = (): number => this.#lines.findIndex((line) => line.startsWith(start)) + 1;
    while (end() === 0) await this.#more(`"${start}"`);
    return this.#lines.splice(0, end());
  }

  /** The next lines, sorted: with a call the first version tells of the call first, the second of the rows. */
  async take(count: number): Promise<string[]> {
    while (this.#lines.length < count) await this.#more(`${count} lines`);
    return this.#lines.splice(0, count).toSorted();
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

  async #more(wanted: string): Promise<void> {
    if (this.#isOver) {
      const said = [...this.#lines, this.#errors].join('\n');
      throw new Error(`the client ended without ${wanted}; it said:\n${said}`);
    }
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
