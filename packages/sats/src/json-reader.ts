import type { AlgebraicType, ArrayType, IntegerTag, ProductType, SumType, Typespace } from './algebraic-type.ts';
import type { AlgebraicValue } from './compiled-type.ts';
import { SatsError } from './errors.ts';
import { hexToBytes } from './hex.ts';
import { followRef } from './inline-refs.ts';
import { formatJson, isJsonArray, isJsonObject } from './json-value.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { MAX_VARIANTS } from './limits.ts';
import { memberKey } from './member-key.ts';
import { specialType } from './special-type.ts';

/**
 * Makes a value of SATS-JSON, in any of the forms that the three writers produce.
 * @param json out of `parseJson`: an integer must be a bigint there
 * @throws SatsError `SATS_INVALID_JSON` with the path of what does not fit; `SATS_INVALID_REF`
 */
export function readJson(type: AlgebraicType, typespace: Typespace, json: JsonValue): AlgebraicValue {
  return new JsonReader(typespace).read(type, json, '$');
}

const HEX_INTEGER = /^([+-]?)0x([0-9a-fA-F]+)$/;
/** Integers that are a `number` in decoded values. */
const NUMBER_TAGS: ReadonlySet<IntegerTag> = new Set(['I8', 'U8', 'I16', 'U16', 'I32', 'U32']);
/** What the reference takes for a tag rather than a name. */
const TAG_TEXT = /^\+?[0-9]+$/;

class JsonReader {
  readonly #typespace: Typespace;

  constructor(typespace: Typespace) {
    this.#typespace = typespace;
  }

  read(type: AlgebraicType, json: JsonValue, path: string): AlgebraicValue {
    switch (type.tag) {
      case 'Ref':
        return this.read(followRef(type.ref, this.#typespace), json, path);
      case 'Product':
        return this.#product(type, json, path);
      case 'Sum':
        return this.#sum(type, json, path);
      case 'Array':
        return this.#array(type, json, path);
      case 'String':
        return typeof json === 'string' ? json : fail('a string', describe(json), path);
      case 'Bool':
        return typeof json === 'boolean' ? json : fail('true or false', describe(json), path);
      case 'F32':
      case 'F64':
        return readFloat(type.tag, json, path);
      case 'I256':
      case 'U256':
        return readHexInteger(type.tag, json, path);
      default:
        return readInteger(type.tag, json, path);
    }
  }

  #product({ elements }: ProductType, json: JsonValue, path: string): AlgebraicValue {
    if (isJsonArray(json)) {
      if (json.length !== elements.length) fail(`${elements.length} elements`, `${json.length}`, path);
      // From entries, because a field may be called __proto__.
      return Object.fromEntries(
        elements.map((element, i) => {
          const item = json[i]!; // the lengths are equal
          return [memberKey(element, i), this.read(element.type, item, `${path}[${i}]`)];
        }),
      );
    }
    if (!isJsonObject(json)) return fail('an array or an object', describe(json), path);
    const names = new Set<string>();
    const fields = elements.map(({ name, type }, i): [string, AlgebraicValue] => {
      if (name === undefined) return fail(`an array, because field ${i} has no name`, 'an object', path);
      const field = member(json, name);
      if (field === undefined) return fail(`a field ${JSON.stringify(name)}`, 'none (missing field)', path);
      names.add(name);
      return [name, this.read(type, field, `${path}.${name}`)];
    });
    const unknown = Object.keys(json).find((key) => !names.has(key));
    if (unknown !== undefined) fail('known fields only', `${JSON.stringify(unknown)} (unknown field)`, path);
    return Object.fromEntries(fields);
  }

  #sum(type: SumType, json: JsonValue, path: string): AlgebraicValue {
    if (json === null && specialType(type) === 'Option') return { tag: 'none', value: {} };
    const [choice, payload] = splitSum(json, path);
    const position = findVariant(type, choice);
    const variant = type.variants[position];
    if (variant === undefined) return fail('a variant of the type', describe(choice), path);
    const tag = memberKey(variant, position);
    return { tag, value: this.read(variant.type, payload, `${path}.${tag}`) };
  }

  #array({ element }: ArrayType, json: JsonValue, path: string): AlgebraicValue {
    if (element.tag === 'U8') return readBytes(json, path);
    if (!isJsonArray(json)) return fail('an array', describe(json), path);
    return json.map((item, i) => this.read(element, item, `${path}[${i}]`));
  }
}

/** The variant's name or tag, and the payload. */
function splitSum(json: JsonValue, path: string): [choice: JsonValue, payload: JsonValue] {
  if (isJsonArray(json)) {
    const [choice, payload] = json;
    if (json.length === 2 && choice !== undefined && payload !== undefined) return [choice, payload];
  } else if (isJsonObject(json)) {
    const [entry, more] = Object.entries(json);
    if (entry !== undefined && more === undefined) return entry;
  }
  return fail('an object with one key or an array [variant, payload]', describe(json), path);
}

/** The position of a variant, or -1. A text that reads as a u8 is a tag even where a variant has it as its name. */
function findVariant({ variants }: SumType, choice: JsonValue): number {
  if (typeof choice === 'bigint') return choice >= 0n && choice < variants.length ? Number(choice) : -1;
  if (typeof choice !== 'string') return -1;
  if (TAG_TEXT.test(choice) && Number(choice) < MAX_VARIANTS) return Number(choice);
  return variants.findIndex((variant) => variant.name === choice);
}

function readInteger(tag: IntegerTag, json: JsonValue, path: string): number | bigint {
  if (typeof json !== 'bigint') return fail(tag, describe(json), path);
  if (!fitsInteger(tag, json)) return fail(tag, `${describe(json)} (out of range)`, path);
  return NUMBER_TAGS.has(tag) ? Number(json) : json;
}

function readHexInteger(tag: 'I256' | 'U256', json: JsonValue, path: string): bigint {
  const match = typeof json === 'string' ? HEX_INTEGER.exec(json) : null;
  const [, sign, digits] = match ?? [];
  if (digits === undefined || (sign === '-' && tag === 'U256')) {
    return fail(`${tag} as hex text such as "0x2a"`, describe(json), path);
  }
  const magnitude = BigInt(`0x${digits}`);
  const value = sign === '-' ? -magnitude : magnitude;
  return fitsInteger(tag, value) ? value : fail(tag, `${describe(json)} (out of range)`, path);
}

function fitsInteger(tag: IntegerTag, value: bigint): boolean {
  const bits = Number(tag.slice(1));
  return (tag.startsWith('I') ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value;
}

function readFloat(tag: 'F32' | 'F64', json: JsonValue, path: string): number {
  if (typeof json !== 'number' && typeof json !== 'bigint') return fail(tag, describe(json), path);
  const value = tag === 'F32' ? Math.fround(Number(json)) : Number(json);
  return Number.isFinite(value) ? value : fail(tag, `${describe(json)} (out of range)`, path);
}

function readBytes(json: JsonValue, path: string): Uint8Array {
  if (typeof json === 'string') return hexToBytes(json) ?? fail('hex digits, two per byte', describe(json), path);
  if (!isJsonArray(json)) return fail('hex digits or an array of bytes', describe(json), path);
  return Uint8Array.from(json, (item, i) => Number(readInteger('U8', item, `${path}[${i}]`)));
}

function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function describe(json: JsonValue): string {
  if (isJsonArray(json)) return 'an array';
  if (isJsonObject(json)) return 'an object';
  const text = formatJson(json);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function fail(expected: string, found: string, path: string): never {
  throw new SatsError('SATS_INVALID_JSON', `${path}: expected ${expected}, found ${found}`);
}
