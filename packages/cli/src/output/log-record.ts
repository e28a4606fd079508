import { formatTimestamp, isJsonArray, parseJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { findMember } from '../http/json-access.ts';
import { printable } from './printable.ts';

/** From the least to the most serious. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'panic'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the host itself logs has this as its function. */
const HOST = '__spacetimedb__';

/** One line of a module's log. */
export class LogRecord {
  readonly #json: JsonValue;

  private constructor(json: JsonValue) {
    this.#json = json;
  }

  /** Undefined for a line that is no record; such a line is shown as it is. */
  static parse(line: string): LogRecord | undefined {
    try {
      const json = parseJson(line);
      return findMember(json, 'level') === undefined ? undefined : new LogRecord(json);
    } catch {
      return undefined;
    }
  }

  /** Its place in `LOG_LEVELS`; an unknown level is as serious as info. */
  get severity(): number {
    const found = LOG_LEVELS.findIndex((level) => level === this.#text('level').toLowerCase());
    return found === -1 ? LOG_LEVELS.indexOf('info') : found;
  }

  /** `2023-11-14T22:13:20.500+00:00  INFO: add src/lib.rs:12: message`, and the frames of a panic below it. */
  format(): string {
    const micros = findMember(this.#json, 'ts');
    const time = typeof micros === 'bigint' ? `${formatTimestamp(micros)} ` : '';
    const level = this.#text('level').toUpperCase().padStart(5);
    return [`${time}${level}: ${this.#source()}${this.#text('message', true)}`, ...this.#frames()].join('\n');
  }

  #source(): string {
    const name = this.#text('function');
    if (name === HOST || this.#text('filename') === HOST) return '';
    const line = findMember(this.#json, 'line_number');
    const place = `${this.#text('filename')}${typeof line === 'bigint' ? `:${line}` : ''}`;
    const source = [name, place].filter((part) => part !== '').join(' ');
    return source === '' ? '' : `${source}: `;
  }

  #frames(): string[] {
    const frames = findMember(this.#json, 'trace');
    if (frames === undefined || !isJsonArray(frames)) return [];
    return frames.map((frame) => {
      const names = [findMember(frame, 'module_name'), findMember(frame, 'func_name')];
      return `    in ${
        names
          .filter((name) => typeof name === 'string')
          .map(printable)
          .join(' :: ') || 'unknown'
      }`;
    });
  }

  /** Lines of a message stay lines; other control characters do not reach the terminal. */
  #text(key: string, hasLines = false): string {
    const value = findMember(this.#json, key);
    if (typeof value !== 'string') return '';
    return hasLines ? value.split('\n').map(printable).join('\n') : printable(value);
  }
}
