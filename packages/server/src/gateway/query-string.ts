import { parseDurationMs } from '../duration.ts';
import { HttpError } from './http-error.ts';

/** The parameters after `?` of one request, read by name and kind. Unknown names are ignored. */
export class QueryString {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #described: object | undefined;

  /**
   * @param values as the HTTP server parsed them: a repeated name has a list
   * @param described has a member for each name that may be read, so that none is without a description
   */
  constructor(values: unknown, described?: object) {
    this.#values = values as Record<string, unknown>;
    this.#described = described;
  }

  static parse(url: string): QueryString {
    const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const params = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
    for (const key of params.keys()) {
      const all = params.getAll(key);
      values[key] = all.length === 1 ? all[0] : all;
    }
    return new QueryString(values);
  }

  text(name: string): string | undefined {
    if (this.#described !== undefined && !Object.hasOwn(this.#described, name)) {
      throw new Error(`the query parameter ${name} has no description`);
    }
    const value = this.#values[name];
    if (value !== undefined && typeof value !== 'string') throw invalid(`duplicate field \`${name}\``);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined || text === 'true' || text === 'false') return text === undefined ? text : text === 'true';
    throw invalid('provided string was not `true` or `false`');
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw invalid(`unknown variant \`${text}\`, expected ${choices.map((c) => `\`${c}\``).join(' or ')}`);
  }

  /** A whole number from 0 to 4294967295. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,10}$/u.test(text) || Number(text) > 0xffff_ffff)
      throw invalid(`invalid number \`${text}\` for \`${name}\``);
    return Number(text);
  }

  durationMs(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const duration = parseDurationMs(text);
    if (duration === undefined) throw invalid(`\`${name}\`: expected a duration such as \`5s\`, found \`${text}\``);
    return duration;
  }
}

function invalid(problem: string): HttpError {
  return new HttpError(400, `Failed to deserialize query string: ${problem}`);
}
