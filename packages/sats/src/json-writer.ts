import type { AlgebraicType, NamedType, ProductType, SumType, Typespace } from './algebraic-type.ts';
import type { AlgebraicValue } from './compiled-type.ts';
import { throwInvalidValue, throwUnknownVariant, toArray, toRecord } from './encode-scalar.ts';
import { SatsError } from './errors.ts';
import { formatF32, formatF64 } from './float-text.ts';
import { bytesToHex } from './hex.ts';
import { followRef } from './inline-refs.ts';
import { MAX_DEPTH } from './limits.ts';
import { memberKey } from './member-key.ts';

/**
 * How products and sums are written.
 *
 * | style | product | sum | used for |
 * | --- | --- | --- | --- |
 * | typed | object by field name | `{"variant": payload}` | structures of the host: schema documents |
 * | row | object by field name | `[tag, payload]` | initial rows of JSON subscriptions |
 * | untyped | array | `[tag, payload]` | SQL results, return values, arguments, row updates |
 */
export type JsonStyle = 'typed' | 'row' | 'untyped';

/**
 * Writes a value as SATS-JSON, without spaces.
 * @throws SatsError `SATS_INVALID_VALUE`: not of the type, or a field without a name in the typed or row style;
 *   `SATS_TOO_DEEP`; `SATS_INVALID_REF`
 */
export function writeJson(type: AlgebraicType, typespace: Typespace, value: AlgebraicValue, style: JsonStyle): string {
  return new JsonWriter(typespace, style).write(type, value, '$', 0);
}

class JsonWriter {
  readonly #typespace: Typespace;
  readonly #style: JsonStyle;

  constructor(typespace: Typespace, style: JsonStyle) {
    this.#typespace = typespace;
    this.#style = style;
  }

  write(type: AlgebraicType, value: unknown, path: string, depth: number): string {
    switch (type.tag) {
      case 'Ref':
        if (depth >= MAX_DEPTH) throw new SatsError('SATS_TOO_DEEP', `${path}: nested deeper than ${MAX_DEPTH}`);
        return this.write(followRef(type.ref, this.#typespace), value, path, depth + 1);
      case 'Product':
        return this.#product(type, value, path, depth);
      case 'Sum':
        return this.#sum(type, value, path, depth);
      case 'Array':
        if (type.element.tag === 'U8') {
          if (!(value instanceof Uint8Array)) throwInvalidValue('bytes', value, path);
          return `"${bytesToHex(value)}"`;
        }
        return `[${toArray(value, false, path)
          .map((element, i) => this.write(type.element, element, `${path}[${i}]`, depth))
          .join()}]`;
      case 'String':
        if (typeof value !== 'string') throwInvalidValue('String', value, path);
        return JSON.stringify(value);
      case 'Bool':
        if (typeof value !== 'boolean') throwInvalidValue('Bool', value, path);
        return String(value);
      case 'F32':
      case 'F64':
        if (typeof value !== 'number') throwInvalidValue(type.tag, value, path);
        return type.tag === 'F32' ? formatF32(value) : formatF64(value);
      case 'I256':
      case 'U256': {
        if (typeof value !== 'bigint') throwInvalidValue(type.tag, value, path);
        return value < 0n ? `"-0x${(-value).toString(16)}"` : `"0x${value.toString(16)}"`;
      }
      default:
        if (typeof value !== 'number' && typeof value !== 'bigint') throwInvalidValue(type.tag, value, path);
        return value.toString();
    }
  }

  #product(type: ProductType, value: unknown, path: string, depth: number): string {
    const record = toRecord(value, path);
    const fields = type.elements.map((element, i) => {
      const key = memberKey(element, i);
      const field = this.write(element.type, record[key], `${path}.${key}`, depth);
      if (this.#style === 'untyped') return field;
      if (element.name === undefined) throw new SatsError('SATS_INVALID_VALUE', `${path}: tuple element has no name`);
      return `${JSON.stringify(element.name)}:${field}`;
    });
    return this.#style === 'untyped' ? `[${fields.join()}]` : `{${fields.join()}}`;
  }

  #sum(type: SumType, value: unknown, path: string, depth: number): string {
    const record = toRecord(value, path);
    const tag = type.variants.findIndex((candidate, i) => memberKey(candidate, i) === record['tag']);
    const variant = type.variants[tag];
    if (variant === undefined) throwUnknownVariant(record['tag'], path);
    const payload = this.#payload(variant, record['value'], `${path}.${String(record['tag'])}`, depth);
    if (this.#style !== 'typed' || variant.name === undefined) return `[${tag},${payload}]`;
    return `{${JSON.stringify(variant.name)}:${payload}}`;
  }

  #payload(variant: NamedType, value: unknown, path: string, depth: number): string {
    // The typed writer has the unit of the host's own language here, which is not a product without fields.
    const isHostUnit = this.#style === 'typed' && variant.type.tag === 'Product' && variant.type.elements.length === 0;
    return isHostUnit ? '[]' : this.write(variant.type, value, path, depth);
  }
}
