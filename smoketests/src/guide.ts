import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BackgroundCommand } from './background-command.ts';
import { outputPattern } from './document-commands.ts';
import { freePort } from './free-port.ts';
import { type GuideStep, stepsOf } from './guide-steps.ts';
import { spacetimeCommand } from './spacetime-command.ts';

/**
 * Follows a guide of `docs/guide` word for word, as a reader with an empty home would.
 *
 * A block of `sh` is run, and prints the block of `text` behind it. `sh background` is a terminal of its own, `text of
 * background` is what that prints next; `<language> write=<path>` and `append=<path>` are for a file. `…` stands for
 * anything on the same line.
 */
export class Guide implements AsyncDisposable {
  readonly #steps: readonly GuideStep[];
  readonly #home: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #address: string;
  readonly #background: BackgroundCommand[] = [];
  #folder: string;

  private constructor(steps: readonly GuideStep[], home: string, environment: NodeJS.ProcessEnv, address: string) {
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

  async #follow(step: GuideStep): Promise<void> {
    switch (step.kind) {
      case 'run':
        return this.#run(step.commands, step.output);
      case 'background': {
        const background = new BackgroundCommand(this.#shell(`exec ${step.commands.trim()}`), step.commands.trim());
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

/** Spaces at the ends of lines are not seen on a page. */
function tidy(printed: string): string {
  return printed.replaceAll(/ +$/gmu, '').trimEnd();
}
