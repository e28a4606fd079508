import { once } from 'node:events';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { spacetimeCommand } from './spacetime-command.ts';

/** Little enough for an endless loop to end in a second, and for memory to be used up soon. */
export const SMALL_LIMITS: string = '[modules]\nenergy-per-call = 2_000_000_000\nmax-memory-mib = 128\n';

const startTimeoutMs = 30_000;

export interface ServerOptions {
  /** Where the server keeps its data; a temporary folder, removed at the end, if not given. */
  readonly dataDir?: string;
  /** The built command; the sources if not given. */
  readonly script?: string;
  /** More arguments of `spacetime start`. */
  readonly args?: readonly string[];
  /** The text of the server's `config.toml`; the defaults if not given. */
  readonly config?: string;
  /** Variables of its environment beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The server as its users run it: `spacetime start` in a process of its own, on a free port.
 *
 * Restarts keep the port and the data, so that clients find it again.
 */
export class ServerProcess implements AsyncDisposable {
  /** The folder that holds `data` and `keys`. */
  readonly folder: string;
  readonly dataDir: string;
  readonly #command: readonly [program: string, ...args: string[]];
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #isFolderOurs: boolean;
  #child: ChildProcessByStdio<null, Readable, Readable> | undefined;
  #address = '127.0.0.1:0';
  #output = '';

  private constructor(options: ServerOptions) {
    this.#isFolderOurs = options.dataDir === undefined;
    this.folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'lightcone-smoke-'));
    this.dataDir = join(this.folder, 'data');
    this.#command = options.script === undefined ? spacetimeCommand : [process.execPath, options.script];
    this.#args = options.args ?? [];
    this.#env = { ...process.env, ...options.env };
    if (options.config === undefined) return;
    mkdirSync(this.dataDir, { recursive: true });
    writeFileSync(join(this.dataDir, 'config.toml'), options.config);
  }

  /** A server that has yet to be started, by `restart`. */
  static prepare(options: ServerOptions = {}): ServerProcess {
    return new ServerProcess(options);
  }

  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const server = ServerProcess.prepare(options);
    await server.restart();
    return server;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://${this.#address}`;
  }

  /** `ws://127.0.0.1:PORT` */
  get webSocketUrl(): string {
    return `ws://${this.#address}`;
  }

  /** `127.0.0.1:PORT` */
  get address(): string {
    return this.#address;
  }

  get keyDir(): string {
    return join(this.folder, 'keys');
  }

  /** Everything that the server has printed so far, over all its lives. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get processId(): number {
    if (this.#child?.pid === undefined) throw new Error('the server is not running');
    return this.#child.pid;
  }

  /** Starts it (again) on the same port and data; resolves when it says that it listens. */
  async restart(): Promise<void> {
    const [program, ...args] = this.#command;
    const folders = ['--data-dir', this.dataDir, '--jwt-key-dir', this.keyDir];
    const child = spawn(program, [...args, 'start', ...folders, '--listen-addr', this.#address, ...this.#args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const from = this.#output.length;
    this.#address = await new Promise<string>((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(timer);
        reject(new Error(`the server ${reason}; it printed:\n${this.#output.slice(from)}`));
      };
      const timer = setTimeout(fail, startTimeoutMs, `did not listen within ${startTimeoutMs} ms`);
      child.once('error', (error) => fail(`could not be run (${error.message})`));
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
      const read = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        const listening = /listening on (127\.0\.0\.1:\d+)/.exec(this.#output.slice(from));
        if (listening?.[1] === undefined) return;
        clearTimeout(timer);
        resolve(listening[1]);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
    });
  }

  /** Ends it without giving it a chance to save anything. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end. @returns its exit code */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill();
    if (this.#isFolderOurs) rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.isRunning)
      throw new Error(`the server is not running; it printed:\n${this.#output}`);
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exit) as [number | null];
    return code;
  }
}
