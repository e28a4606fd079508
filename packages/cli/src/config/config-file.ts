import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../errors.ts';
import { NEW_CONFIG_TEXT, parseConfig } from './cli-config.ts';
import type { CliConfig } from './cli-config.ts';
import { editConfig } from './edit-config.ts';

/** `cli.toml`: read once, written when something in it changes. */
export class ConfigFile {
  readonly path: string;
  #text: string;
  #config: CliConfig;

  private constructor(path: string, text: string) {
    this.path = path;
    this.#text = text;
    this.#config = parseConfig(text, path);
  }

  /** A missing file reads like a new one. */
  static async read(path: string): Promise<ConfigFile> {
    try {
      return new ConfigFile(path, await readFile(path, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return new ConfigFile(path, NEW_CONFIG_TEXT);
      }
      if (error instanceof CliError) throw error;
      throw unusable(path, 'read', error);
    }
  }

  get config(): CliConfig {
    return this.#config;
  }

  /** Writes the file with the given parts changed. Only its owner can read it: there is a login in it. */
  async change(changes: Partial<CliConfig>): Promise<void> {
    const text = editConfig(this.#text, this.#config, { ...this.#config, ...changes });
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const unfinished = `${this.path}.${process.pid}.tmp`;
      await writeFile(unfinished, text, { mode: 0o600 });
      await rename(unfinished, this.path);
    } catch (error) {
      throw unusable(this.path, 'written', error);
    }
    this.#text = text;
    this.#config = parseConfig(text, this.path);
  }
}

function unusable(path: string, deed: 'read' | 'written', cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError('CLI_INVALID_CONFIG', `The configuration ${path} cannot be ${deed}: ${reason}`, {
    cause,
    hint: 'Mend that, or name another file with --config-path.',
  });
}
