/**
 * The text of one generated function while it is put together.
 *
 * Only our own words, numbers and `JSON.stringify`ed names may reach it: names are user input.
 */
export class FunctionSource {
  readonly #lines: string[] = [];
  #variables = 0;

  add(line: string): void {
    this.#lines.push(line);
  }

  /** A variable name not used before in this function. */
  variable(prefix: string): string {
    return `${prefix}${this.#variables++}`;
  }

  /** The whole function. */
  toFunction(name: string, parameters: string): string {
    return `function ${name}(${parameters}) {\n${this.#lines.join('\n')}\n}`;
  }
}

/** `position + offset`, without adding zero. */
export function plus(position: string, offset: number): string {
  return offset === 0 ? position : `${position} + ${offset}`;
}

/*
 * Bytes are put together by hand: over many pages a DataView, even out of a cache, was no faster and mostly slower
 * (25 ns against 21 to 84, a new one 145 to 218, on a busy machine; bench/load.bench.ts).
 */

export function loadU8(bytes: string, position: string, offset: number): string {
  return `${bytes}[${plus(position, offset)}]`;
}

export function loadU16(bytes: string, position: string, offset: number): string {
  return `(${loadU8(bytes, position, offset)} | ${loadU8(bytes, position, offset + 1)} << 8)`;
}

/** Signed: what comparing for equality and hashing need. */
export function loadI32(bytes: string, position: string, offset: number): string {
  const parts = [0, 1, 2, 3].map((i) => `${loadU8(bytes, position, offset + i)}${i === 0 ? '' : ` << ${8 * i}`}`);
  return `(${parts.join(' | ')})`;
}

export function loadU32(bytes: string, position: string, offset: number): string {
  return `(${loadI32(bytes, position, offset)} >>> 0)`;
}
