import type { AlgebraicType, NamedType, Typespace } from '../src/algebraic-type.ts';
import type { AlgebraicValue } from '../src/compiled-type.ts';
import { memberKey } from '../src/member-key.ts';

/*
 * The plain version of what is generated: walks the type for every value. The oracle of the property tests, so it is
 * written from the specification with nothing shared but the names of fields.
 */

export class Refused extends Error {}

const MAX_ZERO_SIZE_ELEMENTS = 256;
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a value; `at` is where it starts, then where it ends. */
export class Interpreter {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #typespace: Typespace;

  constructor(bytes: Uint8Array, at: number, typespace: Typespace) {
    this.#bytes = bytes;
    this.at = at;
    this.#typespace = typespace;
  }

  read(type: AlgebraicType): AlgebraicValue {
    switch (type.tag) {
      case 'Ref':
        return this.read(this.#typespace[type.ref]!);
      case 'String':
        try {
          return text.decode(this.#take(Number(this.#unsigned(4))));
        } catch {
          throw new Refused('utf8');
        }
      case 'Array':
        return this.#array(type.element);
      case 'Product':
        return Object.fromEntries(type.elements.map((element, i) => [memberKey(element, i), this.read(element.type)]));
      case 'Sum': {
        const tag = Number(this.#unsigned(1));
        const variant = type.variants[tag];
        if (variant === undefined) throw new Refused('tag');
        return { tag: memberKey(variant, tag), value: this.read(variant.type) };
      }
      case 'Bool': {
        const value = this.#unsigned(1);
        if (value > 1n) throw new Refused('bool');
        return value === 1n;
      }
      case 'F32':
        return new DataView(this.#take(4).slice().buffer).getFloat32(0, true);
      case 'F64':
        return new DataView(this.#take(8).slice().buffer).getFloat64(0, true);
      default: {
        const bits = Number(type.tag.slice(1));
        const unsigned = this.#unsigned(bits / 8);
        const value = type.tag.startsWith('I') ? BigInt.asIntN(bits, unsigned) : unsigned;
        return bits <= 32 ? Number(value) : value;
      }
    }
  }

  #array(element: AlgebraicType): AlgebraicValue {
    const count = Number(this.#unsigned(4));
    if (element.tag === 'U8') return this.#take(count).slice();
    if (takesNoBytes(element) && count > MAX_ZERO_SIZE_ELEMENTS) throw new Refused('too many');
    const elements: AlgebraicValue[] = [];
    for (let i = 0; i < count; i++) elements.push(this.read(element));
    return elements;
  }

  #unsigned(size: number): bigint {
    return this.#take(size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  #take(count: number): Uint8Array {
    if (this.at + count > this.#bytes.length) throw new Refused('too short');
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }
}

/** Refs of the test typespace that are behind arrays of arrays always take bytes, or this would not end. */
function takesNoBytes(type: AlgebraicType): boolean {
  return type.tag === 'Product' && type.elements.every((element) => takesNoBytes(element.type));
}

/** The order of spec 10 §4, on decoded values. */
export function compareValues(type: AlgebraicType, typespace: Typespace, a: unknown, b: unknown): number {
  switch (type.tag) {
    case 'Ref':
      return compareValues(typespace[type.ref]!, typespace, a, b);
    case 'String':
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    case 'Array':
      return type.element.tag === 'U8'
        ? Buffer.compare(a as Uint8Array, b as Uint8Array)
        : compareArrays(type.element, typespace, a as unknown[], b as unknown[]);
    case 'Product':
      return firstDifference(
        type.elements.map((element, i) => {
          const key = memberKey(element, i);
          return compareValues(element.type, typespace, Object(a)[key], Object(b)[key]);
        }),
      );
    case 'Sum':
      return compareSums(type.variants, typespace, a as Sum, b as Sum);
    case 'F32':
    case 'F64': {
      const rank = (value: number): number => (Number.isNaN(value) ? 1 : 0);
      const [x, y] = [a as number, b as number];
      return rank(x) - rank(y) || (x < y ? -1 : x > y ? 1 : 0);
    }
    default:
      return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0;
  }
}

interface Sum {
  tag: string;
  value: unknown;
}

function compareSums(variants: readonly NamedType[], typespace: Typespace, a: Sum, b: Sum): number {
  const position = (value: Sum): number => variants.findIndex((variant, i) => memberKey(variant, i) === value.tag);
  const variant = variants[position(a)]!;
  return position(a) - position(b) || compareValues(variant.type, typespace, a.value, b.value);
}

function compareArrays(element: AlgebraicType, typespace: Typespace, a: unknown[], b: unknown[]): number {
  const common = Math.min(a.length, b.length);
  const differences = a.slice(0, common).map((item, i) => compareValues(element, typespace, item, b[i]));
  return firstDifference([...differences, a.length - b.length]);
}

function firstDifference(differences: readonly number[]): number {
  return differences.find((difference) => difference !== 0) ?? 0;
}
