import { SatsError } from './errors.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { MAX_DEPTH } from './limits.ts';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE_CODE = 0x20;

/** More digits than the largest f64 has. They are out of range for every type, and slow to read. */
const MAX_INTEGER_DIGITS = 400;

/**
 * Parses JSON and keeps integers exact.
 * @throws SatsError `SATS_INVALID_JSON`: not JSON, trailing text, a duplicate key, an unpaired surrogate, a number no
 *   f64 can hold; `SATS_TOO_DEEP`: nested deeper than 256
 */
export function parseJson(text: string): JsonValue {
  const parser = new JsonParser(text);
  return parser.document();
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#next() !== undefined) this.#fail('the end');
    return value;
  }

  /** The next character that is not a space; stays on it. */
  #next(): string | undefined {
    this.#match(SPACE);
    return this.#text[this.#at];
  }

  #value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new SatsError('SATS_TOO_DEEP', `JSON nested deeper than ${MAX_DEPTH}`);
    switch (this.#next()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const object: { [key: string]: JsonValue } = {};
    this.#at++;
    if (this.#next() === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      if (this.#next() !== '"') this.#fail('a key');
      const key = this.#string();
      if (Object.hasOwn(object, key)) this.#fail(`no second ${JSON.stringify(key)} (duplicate field)`);
      if (this.#next() !== ':') this.#fail('":"');
      this.#at++;
      const value = this.#value(depth + 1);
      // Plain assignment to __proto__ would change what the object is.
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true });
      else object[key] = value;
      if (this.#endsAfterItem('}')) return object;
    }
  }

  #array(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.#at++;
    if (this.#next() === ']') {
      this.#at++;
      return array;
    }
    for (;;) {
      array.push(this.#value(depth + 1));
      if (this.#endsAfterItem(']')) return array;
    }
  }

  /** Passes a comma (false) or the closing bracket (true). */
  #endsAfterItem(close: string): boolean {
    const next = this.#next();
    if (next !== ',' && next !== close) this.#fail(`"," or ${JSON.stringify(close)}`);
    this.#at++;
    return next === close;
  }

  /** By hand: a pattern with alternatives would take stack for every character of a long string. */
  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let isEscaped = false;
    let at = start + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      // NaN, past the end, is not at least a space either.
      if (!(code >= SPACE_CODE)) this.#fail('a string');
      if (code === BACKSLASH) isEscaped = true;
      at += code === BACKSLASH ? 2 : 1;
    }
    const value = isEscaped ? readEscaped(text.slice(start, at + 1)) : text.slice(start + 1, at);
    if (value === undefined) this.#fail('a string with valid escapes');
    if (!value.isWellFormed()) this.#fail('a string without unpaired surrogates');
    this.#at = at + 1;
    return value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('a value');
    this.#at += word.length;
    return value;
  }

  #number(): number | bigint {
    const start = this.#at;
    const match = this.#match(NUMBER);
    if (match === undefined) this.#fail('a value');
    const [literal, fraction, exponent] = match;
    const isInteger = fraction === undefined && exponent === undefined && literal !== '-0';
    if (isInteger && literal.length <= MAX_INTEGER_DIGITS) return BigInt(literal);
    const value = Number(literal);
    if (isInteger || !Number.isFinite(value)) {
      this.#at = start;
      this.#fail('a number in range');
    }
    return value;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #fail(expected: string): never {
    const found = this.#text.slice(this.#at, this.#at + 20);
    throw new SatsError(
      'SATS_INVALID_JSON',
      `invalid JSON at character ${this.#at}: expected ${expected}, found ${found === '' ? 'the end' : JSON.stringify(found)}`,
    );
  }
}

/** The value of a string literal that may hold wrong escapes, but no quote or control character. */
function readEscaped(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
