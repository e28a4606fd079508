import { ConfigSection } from './config-section.ts';

/** A whole `config.toml`, and which of its keys nobody asked for. */
export class ConfigDocument {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  /** @param path for messages */
  constructor(path: string, values: Readonly<Record<string, unknown>>) {
    this.#path = path;
    this.#values = values;
  }

  /** Of a table that is not there all keys are missing. @throws ServerError `SERVER_INVALID_CONFIG` */
  section(name: string): ConfigSection {
    return new ConfigSection(this.#path, name, this.#values[name], this.#known);
  }

  /** What nobody has asked for so far, in the order of the file: slips of the pen, and what means something elsewhere. */
  unknownKeys(): string[] {
    return this.#unknownIn(this.#values, '');
  }

  #unknownIn(table: object, prefix: string): string[] {
    return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
      const name = prefix + key;
      if (!this.#known.has(name)) return [name];
      if (Array.isArray(value)) {
        return value.flatMap((item: unknown, i) => (isTable(item) ? this.#unknownIn(item, `${name}[${i}].`) : []));
      }
      return isTable(value) ? this.#unknownIn(value, `${name}.`) : [];
    });
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
