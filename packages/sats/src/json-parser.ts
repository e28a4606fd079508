import { SatsError } from './errors.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { MAX_DEPTH } from './limits.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE_CODE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const POINT = 0x2e;
/** `E` and `e` but for the bit of their case. */
const EXPONENT = 0x45;

/** A number of so many digits is exact as an f64. */
const EXACT_DIGITS = 15;

/** More digits than the largest f64 has. They are out of range for every type, and slow to read. */
const MAX_INTEGER_DIGITS = 400;

/**
 * Parses JSON and keeps integers exact.
 * @param maxValues how many values there may be, nested ones included: text of two bytes a value makes a hundred of it
 * @throws SatsError `SATS_INVALID_JSON`: not JSON, trailing text, a duplicate key, an unpaired surrogate, a number no
 *   f64 can hold; `SATS_TOO_DEEP`: nested deeper than 256; `SATS_TOO_LONG`: more values
 */
export function parseJson(text: string, maxValues: number = Number.POSITIVE_INFINITY): JsonValue {
  const parser = new JsonParser(text, maxValues);
  return parser.document();
}

class JsonParser {
  readonly #text: string;
  readonly #maxValues: number;
  #values = 0;
  #at = 0;

  constructor(text: string, maxValues: number) {
    this.#text = text;
    this.#maxValues = maxValues;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#next() !== undefined) this.#fail('the end');
    return value;
  }

  /** The next character that is not a space; stays on it. */
  #next(): string | undefined {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== SPACE_CODE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) break;
      at++;
    }
    this.#at = at;
    return text[at];
  }

  #value(depth: number): JsonValue {
    if (++this.#values > this.#maxValues) {
      throw new SatsError('SATS_TOO_LONG', `JSON with more than ${this.#maxValues} values`);
    }
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
    return this.#shortInteger() ?? this.#anyNumber();
  }

  /** An integer of few digits, which most numbers are. Undefined, and nowhere, if there is none. */
  #shortInteger(): bigint | undefined {
    const text = this.#text;
    const isNegative = text.charCodeAt(this.#at) === MINUS;
    const start = isNegative ? this.#at + 1 : this.#at;
    let at = start;
    let value = 0;
    let code = text.charCodeAt(at);
    while (code >= DIGIT_0 && code <= DIGIT_9) {
      value = value * 10 + (code - DIGIT_0);
      code = text.charCodeAt(++at);
    }
    const digits = at - start;
    if (digits === 0 || digits > EXACT_DIGITS || code === POINT || (code & ~0x20) === EXPONENT) return undefined;
    // -0, and zeros before other digits, which are no number.
    if (text.charCodeAt(start) === DIGIT_0 && (digits > 1 || isNegative)) return undefined;
    this.#at = at;
    return BigInt(isNegative ? -value : value);
  }

  #anyNumber(): number | bigint {
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
