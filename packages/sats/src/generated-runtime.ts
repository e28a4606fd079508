/*
 * What generated functions call. Everything exported here is in scope under its name in their source text.
 */
import { SatsError } from './errors.ts';
import { MAX_DEPTH, MAX_ZERO_SIZE_ELEMENTS } from './limits.ts';

export {
  encodeBool,
  encodeBytes,
  encodeF32,
  encodeF64,
  encodeI128,
  encodeI16,
  encodeI256,
  encodeI32,
  encodeI64,
  encodeI8,
  encodeString,
  encodeU128,
  encodeU16,
  encodeU256,
  encodeU32,
  encodeU64,
  encodeU8,
  throwUnknownVariant,
  toArray,
  toRecord,
} from './encode-scalar.ts';
export { formatF32, formatF64 } from './float-text.ts';
export { mixBytes } from './hash.ts';
export { mixF32, mixF64 } from './hash-float.ts';
export { bytesToHex } from './hex.ts';
export { loadF32, loadF64 } from './load-float.ts';
export { findInvalidUtf8 } from './utf8.ts';

export function throwTooShort(at: number, needed: number, end: number): never {
  throw new SatsError('SATS_UNEXPECTED_END', `data too short at byte ${at}: expected ${needed}, given ${end - at}`);
}

export function throwInvalidBool(bytes: Uint8Array, at: number): never {
  throw new SatsError('SATS_INVALID_BOOL', `byte ${bytes[at]} at ${at} not valid as \`bool\` (must be 0 or 1)`);
}

export function throwInvalidUtf8(at: number): never {
  throw new SatsError('SATS_INVALID_UTF8', `invalid utf8 in the string at byte ${at}`);
}

export function throwUnknownTag(bytes: Uint8Array, at: number): never {
  const tag = bytes[at]!.toString(16).padStart(2, '0'); // callers have checked that the byte is there
  throw new SatsError('SATS_UNKNOWN_VARIANT', `unknown tag 0x${tag} for sum type at byte ${at}`);
}

export function throwTooDeep(at: number): never {
  throw new SatsError('SATS_TOO_DEEP', `value nested deeper than ${MAX_DEPTH} at byte ${at}`);
}

export function throwTooManyElements(count: number, at: number): never {
  throw new SatsError(
    'SATS_TOO_LONG',
    `an array of ${count} elements that take no bytes at byte ${at}: at most ${MAX_ZERO_SIZE_ELEMENTS}`,
  );
}

export function throwNoName(): never {
  throw new SatsError('SATS_INVALID_VALUE', 'tuple element has no name');
}

/** A 256-bit integer as SATS-JSON has it. */
export function formatHexInteger(value: bigint): string {
  return value < 0n ? `"-0x${(-value).toString(16)}"` : `"0x${value.toString(16)}"`;
}

/** Bytewise order, a proper prefix first. For UTF-8 this is the order of code points. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const common = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** The total order of floats: NaNs equal and largest, zeros equal. */
export function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  const aIsNaN = a !== a;
  const bIsNaN = b !== b;
  return aIsNaN === bIsNaN ? 0 : aIsNaN ? 1 : -1;
}
