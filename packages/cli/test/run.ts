import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../src/run-cli.ts';
import { TestTerminal } from './test-terminal.ts';

export interface CliRun {
  readonly exitCode: number;
  readonly printed: string;
  readonly noted: string;
}

/** Somebody with a home folder of their own, who runs commands. */
export class TestUser {
  readonly home: string = mkdtempSync(join(tmpdir(), 'lightcone-cli-'));
  readonly configPath: string = join(this.home, '.config', 'spacetime', 'cli.toml');

  environment: Readonly<Record<string, string>> = {};
  /** Where commands are given. */
  folder: string = this.home;

  /** Runs a command; `answers` are what is typed when it asks. */
  async run(args: readonly string[], answers: readonly string[] = []): Promise<CliRun> {
    const terminal = new TestTerminal(this.home);
    terminal.answers = [...answers];
    terminal.environment = this.environment;
    terminal.workingFolder = this.folder;
    const exitCode = await runCli(args, terminal);
    return { exitCode, printed: terminal.printed, noted: terminal.noted };
  }

  configText(): string {
    return readFileSync(this.configPath, 'utf8');
  }
}

/** The identity and token of a login as a server would issue it. */
export const ISSUED = {
  identity: 'c2003d6c6e2ee7e0f1d6f5f6f5e1e7b1c8bcd0b4a5d1bc5c3a1b7b52a2c3f6ce',
  token: tokenOf({ iss: 'localhost', sub: 'somebody' }),
};

export const DATABASE = 'c200'.padEnd(64, '7');

/** A token with these claims; nobody here checks signatures. */
export function tokenOf(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256' })}.${part(claims)}.c2lnbmF0dXJl`;
}
