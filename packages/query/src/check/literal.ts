import {
  type AlgebraicType,
  ByteWriter,
  type IntegerTag,
  SatsError,
  hexToBytes,
  parseTimestamp,
  parseUuid,
  specialType,
  types,
} from '@lightcone/sats';
import { QueryError } from '../errors.ts';
import type { Literal } from '../sql/syntax.ts';
import { printType } from './print-type.ts';

const INTEGER_BITS: { readonly [tag in IntegerTag]: number } = {
  I8: 8,
  U8: 8,
  I16: 16,
  U16: 16,
  I32: 32,
  U32: 32,
  I64: 64,
  U64: 64,
  I128: 128,
  U128: 128,
  I256: 256,
  U256: 256,
};
/** No integer type holds a number of more decimal digits. */
const MAX_DIGITS = 78;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Reused: planning many queries is mostly small allocations. */
const valueWriter = new ByteWriter(32);

/**
 * The BSATN of a literal where an expression wants `type`. The literal's form hardly matters:
 * a number may be quoted, and a string may be written as a number.
 * @throws QueryError `QUERY_INVALID_LITERAL`, `QUERY_TYPE_MISMATCH`
 */
export function encodeLiteral(literal: Literal, type: AlgebraicType): Uint8Array {
  if (literal.form === 'bool') {
    if (type.tag !== 'Bool') throw unexpectedType(types.bool, type);
    return Uint8Array.of(literal.text === 'true' ? 1 : 0);
  }
  valueWriter.reset();
  if (!writeText(valueWriter, literal.text, type)) throw invalidLiteral(literal.text, type);
  return valueWriter.finish();
}

/**
 * The BSATN of a literal that INSERT or UPDATE stores: as `encodeLiteral`, but a quoted text is for strings only.
 * @throws QueryError `QUERY_INVALID_LITERAL`, `QUERY_TYPE_MISMATCH`
 */
export function encodeStoredLiteral(literal: Literal, type: AlgebraicType): Uint8Array {
  if (literal.form === 'string' && type.tag !== 'String') throw unexpectedType(types.string, type);
  return encodeLiteral(literal, type);
}

/** A number literal as u64. @throws QueryError `QUERY_INVALID_LITERAL` */
export function parseU64(text: string): bigint {
  const value = parseInteger(text);
  if (value === undefined || BigInt.asUintN(64, value) !== value) throw invalidLiteral(text, types.u64);
  return value;
}

/** `offending` is the type of what stands there, `wanted` the type that its place asks for. */
export function unexpectedType(offending: AlgebraicType, wanted: AlgebraicType): QueryError {
  const message = `Unexpected type: (expected) ${printType(offending)} != ${printType(wanted)} (inferred)`;
  return new QueryError('QUERY_TYPE_MISMATCH', message);
}

function invalidLiteral(text: string, type: AlgebraicType): QueryError {
  const message = `The literal expression \`${text}\` cannot be parsed as type \`${printType(type)}\``;
  return new QueryError('QUERY_INVALID_LITERAL', message);
}

/** Writes the value that `text` means as `type`, if it means one. */
function writeText(writer: ByteWriter, text: string, type: AlgebraicType): boolean {
  switch (type.tag) {
    case 'String':
      writer.string(text);
      return true;
    case 'F32':
    case 'F64':
      return writeFloat(writer, text, type.tag);
    case 'Array':
      return type.element.tag === 'U8' && writeBytes(writer, text);
    case 'Product':
      return writeSpecial(writer, text, type);
    case 'Bool':
    case 'Sum':
    case 'Ref':
      return false;
    default:
      return writeInteger(writer, text, type.tag);
  }
}

function writeInteger(writer: ByteWriter, text: string, tag: IntegerTag): boolean {
  const value = parseInteger(text);
  const bits = INTEGER_BITS[tag];
  if (value === undefined) return false;
  if ((tag.startsWith('I') ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) return false;
  for (let shift = 0n; shift < bits; shift += 8n) writer.u8(Number((value >> shift) & 0xffn));
  return true;
}

/** The value of a decimal number that is a whole one, of any size that an integer type could hold. */
function parseInteger(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  const written = whole + fraction;
  const digits = written.replace(/^0+/, '');
  if (digits === '') return written === '' ? undefined : 0n;
  let significant = digits.length;
  while (digits.charAt(significant - 1) === '0') significant -= 1;
  const exponent = Number(exponentText) - fraction.length + digits.length - significant;
  // Checked before the number is built: `1e999999999` would fill the memory.
  if (exponent < 0 || significant + exponent > MAX_DIGITS) return undefined;
  const value = BigInt(digits.slice(0, significant)) * 10n ** BigInt(exponent);
  return sign === '-' ? -value : value;
}

function writeFloat(writer: ByteWriter, text: string, tag: 'F32' | 'F64'): boolean {
  if (!DECIMAL.test(text) || !/\d/.test(text)) return false;
  const value = Number(text) + 0; // turns -0 into 0
  if (tag === 'F32') writer.f32(value);
  else writer.f64(value);
  return true;
}

function writeBytes(writer: ByteWriter, text: string): boolean {
  const bytes = hexToBytes(text);
  if (bytes) writer.lengthPrefixed(bytes);
  return bytes !== undefined;
}

function writeSpecial(writer: ByteWriter, text: string, type: AlgebraicType): boolean {
  try {
    switch (specialType(type)) {
      case 'Identity':
        return writeBigEndianHex(writer, text.replace(/^0x/, ''), 32);
      case 'ConnectionId':
        return writeBigEndianHex(writer, text, 16);
      case 'Uuid':
        writer.wide(parseUuid(text), 16);
        return true;
      case 'Timestamp':
        writer.i64(parseTimestamp(text));
        return true;
      default:
        return false;
    }
  } catch (error) {
    if (error instanceof SatsError) return false;
    throw error;
  }
}

/** Writes an unsigned integer of `size` bytes given as all its hex digits, the highest first. */
function writeBigEndianHex(writer: ByteWriter, text: string, size: number): boolean {
  const bytes = text.length === size * 2 ? hexToBytes(text) : undefined;
  if (bytes) writer.raw(bytes.toReversed());
  return bytes !== undefined;
}
