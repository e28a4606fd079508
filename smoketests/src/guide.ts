import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { outputPattern } from './document-commands.ts';
import { spacetimeCommand } from './spacetime-command.ts';

/** What a page has its readers do, in their order. */
type Step =
  | { readonly kind: 'run'; readonly commands: string; readonly output: string | undefined }
  /** Goes on while the rest of the page is followed; its lines come in this order, among others. */
  | { readonly kind: 'background'; readonly commands: string; readonly lines: string }
  /** More lines of the command that went to the background last. */
  | { readonly kind: 'expect'; readonly lines: string }
  | { readonly kind: 'write' | 'append'; readonly path: string; readonly content: string };

const PATIENCE_MS = 240_000;

/**
 * Follows a guide of `docs/guide` word for word, as a reader with an empty home would.
 *
 * A block of `sh` is run, and prints the block of `text` behind it. `sh background` is a terminal of its own, `text of
 * background` is what that prints next; `<language> write=<path>` and `append=<path>` are for a file. `…` stands for
 * anything on the same line.
 */
export class Guide implements AsyncDisposable {
  readonly #steps: readonly Step[];
  readonly #home: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #address: string;
  readonly #background: Background[] = [];
  #folder: string;

  private constructor(steps: readonly Step[], home: string, environment: NodeJS.ProcessEnv, address: string) {
    this.#steps = steps;
    this.#home = home;
    this.#folder = home;
    this.#environment = environment;
    this.#address = address;
  }

  /** @param environment variables for compilers, beside those of the tests */
  static async open(page: string, home: string, environment: Readonly<Record<string, string>> = {}): Promise<Guide> {
    const markdown = readFileSync(new URL(`../../docs/guide/${page}`, import.meta.url), 'utf8');
    const address = `127.0.0.1:${await freePort()}`;
    // The guide says port 3000, where something else may listen.
    mkdirSync(join(home, '.config', 'spacetime'), { recursive: true });
    const local = `nickname = "local"\nhost = "${address}"\nprotocol = "http"`;
    const config = `default_server = "local"\nlisten_addr = "${address}"\n[[server_configs]]\n${local}\n`;
    writeFileSync(join(home, '.config', 'spacetime', 'cli.toml'), config);
    const bin = join(home, 'bin');
    mkdirSync(bin);
    const command = spacetimeCommand.map((word) => `'${word}'`).join(' ');
    writeFileSync(join(bin, 'spacetime'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    const { PATH } = process.env;
    // Compilers and package managers keep caches below the home of whoever runs the tests.
    const caches = {
      CARGO_HOME: join(process.env['HOME'] ?? '', '.cargo'),
      RUSTUP_HOME: join(process.env['HOME'] ?? '', '.rustup'),
    };
    const variables = { ...caches, ...environment, PATH: `${bin}:${PATH}`, HOME: home, LC_ALL: 'C.UTF-8' };
    return new Guide(stepsOf(markdown), home, variables, address);
  }

  /** @throws Error that says which step did not do what the guide says */
  async follow(): Promise<void> {
    for (const step of this.#steps) await this.#follow(step);
  }

  async #follow(step: Step): Promise<void> {
    switch (step.kind) {
      case 'run':
        return this.#run(step.commands, step.output);
      case 'background': {
        const background = new Background(this.#shell(`exec ${step.commands.trim()}`), step.commands.trim());
        this.#background.push(background);
        return background.expectLines(this.#here(step.lines));
      }
      case 'expect':
        return this.#background.at(-1)?.expectLines(step.lines);
      case 'write':
        return writeFileSync(join(this.#folder, step.path), step.content);
      case 'append':
        return appendFileSync(join(this.#folder, step.path), `\n${step.content}`);
    }
  }

  async #run(commands: string, output: string | undefined): Promise<void> {
    const whereFile = join(this.#home, 'where');
    const shell = this.#shell(`${commands}\npwd > '${whereFile}'`);
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(shell.stdout),
      text(shell.stderr),
      once(shell, 'close') as Promise<[number | null]>,
    ]);
    if (exitCode !== 0) throw new Error(`${commands}ended with ${exitCode}:\n${stdout}${stderr}`);
    this.#folder = readFileSync(whereFile, 'utf8').trim();
    const isMeant = output === undefined ? stdout === '' : outputPattern(output.trimEnd()).test(tidy(stdout));
    if (!isMeant) throw new Error(`${commands}printed:\n${stdout}instead of:\n${output ?? 'nothing'}`);
  }

  #shell(script: string) {
    return spawn('/bin/bash', ['-eu', '-c', this.#here(script)], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  #here(said: string): string {
    return said.replaceAll('127.0.0.1:3000', this.#address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const background of this.#background.reverse()) await background.end();
  }
}

/** A terminal of its own. */
class Background {
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

function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gmsu)].map(([, info = '', content = '']) => ({
    info,
    content,
  }));
  return blocks.flatMap(({ info, content }, i): Step[] => {
    const next = blocks[i + 1];
    const output = next?.info === 'text' ? next.content : undefined;
    const [, action, path] = /\b(write|append)=(\S+)$/u.exec(info) ?? [];
    if (path !== undefined) return [{ kind: action as 'write' | 'append', path, content }];
    if (info === 'sh') return [{ kind: 'run', commands: content, output }];
    if (info === 'sh background') return [{ kind: 'background', commands: content, lines: output ?? '' }];
    return info === 'text of background' ? [{ kind: 'expect', lines: content }] : [];
  });
}

/** Spaces at the ends of lines are not seen on a page. */
function tidy(printed: string): string {
  return printed.replaceAll(/ +$/gmu, '').trimEnd();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
