import type { IntegerTag } from './algebraic-type.ts';
import type { ByteWriter } from './byte-writer.ts';
import { SatsError } from './errors.ts';
import { MAX_ZERO_SIZE_ELEMENTS } from './limits.ts';

/*
 * What generated encoders call: each writes one scalar, or refuses a value that is not of its type.
 * `path` tells where in the whole value it is.
 */

/** @throws SatsError `SATS_INVALID_VALUE`, always */
function throwInvalidValue(expected: string, value: unknown, path: string): never {
  throw new SatsError('SATS_INVALID_VALUE', `${path}: expected ${expected}, given ${describe(value)}`);
}

export function throwUnknownVariant(tag: unknown, path: string): never {
  throw new SatsError('SATS_INVALID_VALUE', `${path}: no variant is called ${describe(tag)}`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return value instanceof Uint8Array ? 'bytes' : 'an object';
}

/** The value as a product or sum. */
export function toRecord(value: unknown, path: string): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throwInvalidValue('an object', value, path);
  }
  // What is neither primitive, array nor bytes may be asked for any field; each field is checked in turn.
  return value as { readonly [key: string]: unknown };
}

export function toArray(value: unknown, hasZeroSizeElements: boolean, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throwInvalidValue('an array', value, path);
  if (hasZeroSizeElements && value.length > MAX_ZERO_SIZE_ELEMENTS) {
    throw new SatsError('SATS_TOO_LONG', `${path}: more than ${MAX_ZERO_SIZE_ELEMENTS} elements that take no bytes`);
  }
  return value;
}

/** Smallest and largest value of each integer type that is a `number`. */
const NUMBER_RANGES = {
  I8: [-0x80, 0x7f],
  U8: [0, 0xff],
  I16: [-0x8000, 0x7fff],
  U16: [0, 0xffff],
  I32: [-0x8000_0000, 0x7fff_ffff],
  U32: [0, 0xffff_ffff],
} as const;

function checkNumber(value: unknown, tag: keyof typeof NUMBER_RANGES, path: string): asserts value is number {
  const [min, max] = NUMBER_RANGES[tag];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throwInvalidValue(`${tag} (a whole number from ${min} to ${max})`, value, path);
  }
}

function checkBigint(value: unknown, tag: IntegerTag, bits: number, path: string): asserts value is bigint {
  const fits =
    typeof value === 'bigint' &&
    (tag.startsWith('I') ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value);
  if (!fits) throwInvalidValue(`${tag} (a bigint of ${bits} bits)`, value, path);
}

export function encodeBool(writer: ByteWriter, value: unknown, path: string): void {
  if (typeof value !== 'boolean') throwInvalidValue('Bool', value, path);
  writer.bool(value);
}
export function encodeI8(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'I8', path);
  writer.u8(value);
}
export function encodeU8(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'U8', path);
  writer.u8(value);
}
export function encodeI16(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'I16', path);
  writer.u16(value);
}
export function encodeU16(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'U16', path);
  writer.u16(value);
}
export function encodeI32(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'I32', path);
  writer.u32(value);
}
export function encodeU32(writer: ByteWriter, value: unknown, path: string): void {
  checkNumber(value, 'U32', path);
  writer.u32(value);
}
export function encodeI64(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'I64', 64, path);
  writer.i64(value);
}
export function encodeU64(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'U64', 64, path);
  writer.u64(value);
}
export function encodeI128(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'I128', 128, path);
  writer.wide(value, 16);
}
export function encodeU128(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'U128', 128, path);
  writer.wide(value, 16);
}
export function encodeI256(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'I256', 256, path);
  writer.wide(value, 32);
}
export function encodeU256(writer: ByteWriter, value: unknown, path: string): void {
  checkBigint(value, 'U256', 256, path);
  writer.wide(value, 32);
}
export function encodeF32(writer: ByteWriter, value: unknown, path: string): void {
  if (typeof value !== 'number') throwInvalidValue('F32', value, path);
  writer.f32(value);
}
export function encodeF64(writer: ByteWriter, value: unknown, path: string): void {
  if (typeof value !== 'number') throwInvalidValue('F64', value, path);
  writer.f64(value);
}
export function encodeString(writer: ByteWriter, value: unknown, path: string): void {
  if (typeof value !== 'string') throwInvalidValue('String', value, path);
  if (!value.isWellFormed()) throwInvalidValue('String (without unpaired surrogates)', value, path);
  writer.string(value);
}
export function encodeBytes(writer: ByteWriter, value: unknown, path: string): void {
  if (!(value instanceof Uint8Array)) throwInvalidValue('bytes (a Uint8Array)', value, path);
  writer.lengthPrefixed(value);
}
