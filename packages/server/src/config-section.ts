import { parseDurationMs } from './duration.ts';
import { ServerError } from './errors.ts';

/** One table of `config.toml`. What of it is not as expected is refused: ServerError `SERVER_INVALID_CONFIG`, naming the key. */
export class ConfigSection {
  readonly #path: string;
  readonly #name: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known: Set<string>;

  /**
   * @param values undefined if there is no such table
   * @param known gets the names of what is asked for, its own among them
   */
  constructor(path: string, name: string, values: unknown, known: Set<string>) {
    this.#path = path;
    this.#name = name;
    this.#known = known.add(name);
    const table = values ?? {};
    if (typeof table !== 'object' || Array.isArray(table)) throw this.invalid('', 'expected a table');
    this.#values = table as Record<string, unknown>;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#values);
  }

  /** A table inside this one; empty if there is none. */
  table(key: string): ConfigSection {
    return new ConfigSection(this.#path, `${this.#name}.${key}`, this.#get(key), this.#known);
  }

  /** A number above 0, which must be there. */
  number(key: string): number {
    const value = this.#get(key);
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.invalid(key, 'expected a number above 0');
    }
    return value;
  }

  durationMs(key: string, fallback: number): number {
    const value = this.#get(key);
    if (value === undefined) return fallback;
    const duration = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (duration === undefined || duration === 0) throw this.invalid(key, 'expected a duration such as "15s"');
    return duration;
  }

  /** @param wayOut what the message of the refusal ends with */
  count(key: string, fallback: number, least = 1, most: number = Number.MAX_SAFE_INTEGER, wayOut = ''): number {
    const value = this.#get(key);
    if (value === undefined) return fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      const bound = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
      throw this.invalid(key, `expected a whole number of at least ${least}${bound}${wayOut}`);
    }
    return value;
  }

  text(key: string): string | undefined {
    const value = this.#get(key);
    if (value !== undefined && typeof value !== 'string') throw this.invalid(key, 'expected a text');
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#get(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.invalid(key, 'expected true or false');
    return value;
  }

  /** A list of tables, `[[name.key]]`. */
  tables(key: string): ConfigSection[] {
    const value = this.#get(key) ?? [];
    if (!Array.isArray(value)) throw this.invalid(key, `expected tables [[${this.#name}.${key}]]`);
    return value.map(
      (table: unknown, i) => new ConfigSection(this.#path, `${this.#name}.${key}[${i}]`, table, this.#known),
    );
  }

  texts(key: string): string[] {
    const value = this.#get(key) ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw this.invalid(key, 'expected a list of texts');
    }
    return value as string[]; // checked above
  }

  identities(key: string): string[] {
    const value = this.#get(key) ?? [];
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

  #get(key: string): unknown {
    this.#known.add(`${this.#name}.${key}`);
    return this.#values[key];
  }
}
