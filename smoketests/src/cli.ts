import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Inbox } from './inbox.ts';
import type { ServerProcess } from './server-process.ts';
import { spacetimeCommand } from './spacetime-command.ts';

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line of one person: with their own configuration file, so their own login. */
export class Cli {
  readonly #server: ServerProcess;
  readonly #globalArgs: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  /** @param env variables of its environment beside those of the tests */
  constructor(server: ServerProcess, person: string, env: Readonly<Record<string, string>> = {}) {
    this.#server = server;
    this.#env = { ...process.env, ...env };
    this.#globalArgs = ['--config-path', join(server.folder, `${person}.toml`)];
  }

  /** Makes this the command line of the person with the token. */
  async login(token: string): Promise<void> {
    const { exitCode, stderr } = await this.#runToEnd(['login', '--token', token]);
    if (exitCode !== 0) throw new Error(`spacetime login ended with ${exitCode}:\n${stderr}`);
  }

  /** Runs `spacetime <args> --server <the server>` to its end. */
  run(...args: string[]): Promise<CliResult> {
    return this.#runToEnd([...args, '--server', this.#server.url]);
  }

  /** Runs a command that talks to no server. */
  runAlone(...args: string[]): Promise<CliResult> {
    return this.#runToEnd(args);
  }

  /** Runs `spacetime <args>` to its end, for commands that talk to no server. */
  runOffline(...args: string[]): Promise<CliResult> {
    return this.#runToEnd(args);
  }

  async #runToEnd(args: readonly string[]): Promise<CliResult> {
    const child = this.#spawn(args);
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { exitCode, stdout, stderr };
  }

  /** As `run`, but a failure is the test's. @returns what it printed */
  async succeed(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0) throw new Error(`spacetime ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a command that goes on until it is ended, such as `logs --follow`. */
  follow(...args: string[]): FollowingCli {
    return new FollowingCli(this.#spawn([...args, '--server', this.#server.url]));
  }

  #spawn(args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    const [program, ...first] = spacetimeCommand;
    return spawn(program, [...first, ...this.#globalArgs, ...args], {
      cwd: this.#server.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

export class FollowingCli implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines = new Inbox<string>();

  constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.#child = child;
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.#lines.put(line));
    lines.on('close', () => this.#lines.end(`the command has ended; it complained: ${complaint}`));
  }

  /** The next line that contains `part`; those before it are dropped. */
  async lineWith(part: string): Promise<string> {
    for (;;) {
      const line = await this.#lines.take();
      if (line.includes(part)) return line;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await exit;
  }
}
