import { parseDurationMs } from './duration.ts';
import { ServerError } from './errors.ts';

/** One table of `config.toml`. What of it is not as expected is refused: ServerError `SERVER_INVALID_CONFIG`, naming the key. */
export class ConfigSection {
  readonly #path: string;
  readonly #name: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(path: string, document: Readonly<Record<string, unknown>>, name: string) {
    this.#path = path;
    this.#name = name;
    const values = document[name] ?? {};
    if (typeof values !== 'object' || Array.isArray(values)) throw this.invalid('', 'expected a table');
    this.#values = values as Record<string, unknown>;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#values);
  }

  /** A table inside this one; empty if there is none. */
  table(key: string): ConfigSection {
    return new ConfigSection(this.#path, { [`${this.#name}.${key}`]: this.#values[key] }, `${this.#name}.${key}`);
  }

  /** A number above 0, which must be there. */
  number(key: string): number {
    const value = this.#values[key];
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.invalid(key, 'expected a number above 0');
    }
    return value;
  }

  durationMs(key: string, fallback: number): number {
    const value = this.#values[key];
    if (value === undefined) return fallback;
    const duration = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (duration === undefined || duration === 0) throw this.invalid(key, 'expected a duration such as "15s"');
    return duration;
  }

  count(key: string, fallback: number, least = 1, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values[key];
    if (value === undefined) return fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      const bound = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
      throw this.invalid(key, `expected a whole number of at least ${least}${bound}`);
    }
    return value;
  }

  text(key: string): string | undefined {
    const value = this.#values[key];
    if (value !== undefined && typeof value !== 'string') throw this.invalid(key, 'expected a text');
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.invalid(key, 'expected true or false');
    return value;
  }

  /** A list of tables, `[[name.key]]`. */
  tables(key: string): ConfigSection[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value)) throw this.invalid(key, `expected tables [[${this.#name}.${key}]]`);
    return value.map((table: unknown, i) => {
      const name = `${this.#name}.${key}[${i}]`;
      return new ConfigSection(this.#path, { [name]: table }, name);
    });
  }

  texts(key: string): string[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw this.invalid(key, 'expected a list of texts');
    }
    return value as string[]; // checked above
  }

  identities(key: string): string[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value)) throw this.invalid(key, 'expected a list of identities');
    return value.map((item: unknown) => {
      const [, digits] = /^(?:0x)?([0-9a-f]{64})$/iu.exec(String(item)) ?? [];
      if (digits === undefined) throw this.invalid(key, `${JSON.stringify(item)} is not an identity of 64 hex digits`);
      return digits.toLowerCase();
    });
  }

  invalid(key: string, problem: string): ServerError {
    return new ServerError('SERVER_INVALID_CONFIG', `${this.#path}: ${this.#name}.${key}: ${problem}`);
  }
}
