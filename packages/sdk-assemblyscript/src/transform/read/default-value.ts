import type { Literal } from './literal.ts';
import { fixedClassSizes, type ScalarName, scalarSizes, type ValueType } from '../value-type.ts';
import { BsatnWriter } from '../definition/bsatn-writer.ts';

/** The BSATN of a literal at a column's type, or `undefined` if it is no value of that type. */
export function encodeDefault(literal: Literal, type: ValueType): Uint8Array | undefined {
  const writer = new BsatnWriter();
  return write(writer, literal, type) ? writer.written() : undefined;
}

function write(writer: BsatnWriter, literal: Literal, type: ValueType): boolean {
  switch (type.kind) {
    case 'scalar':
      return writeScalar(writer, literal, type.name);
    case 'fixed': {
      const isInteger = /^[iu]\d+$/.test(type.name);
      return isInteger && writeInteger(writer, literal, fixedClassSizes[type.name], type.name.startsWith('i'));
    }
    case 'string':
      if (typeof literal !== 'string') return false;
      writer.string(literal);
      return true;
    case 'bytes':
      return writeArray(writer, literal, { kind: 'scalar', name: 'u8' });
    case 'array':
      return writeArray(writer, literal, type.element);
    case 'option':
      writer.u8(literal === null ? 1 : 0);
      return literal === null || write(writer, literal, type.some);
    case 'named':
      return type.declared.kind === 'enum' && writeEnum(writer, literal, type.declared.variants);
    case 'unit':
    case 'result':
      return false;
  }
}

function writeScalar(writer: BsatnWriter, literal: Literal, name: ScalarName): boolean {
  if (name === 'bool') {
    if (typeof literal !== 'boolean') return false;
    writer.bool(literal);
    return true;
  }
  if (name !== 'f32' && name !== 'f64') return writeInteger(writer, literal, scalarSizes[name], name.startsWith('i'));
  if (typeof literal !== 'number' && typeof literal !== 'bigint') return false;
  if (name === 'f32') writer.f32(Number(literal));
  else writer.f64(Number(literal));
  return true;
}

function writeInteger(writer: BsatnWriter, literal: Literal, size: number, isSigned: boolean): boolean {
  if (typeof literal !== 'bigint') return false;
  const bits = BigInt(8 * size);
  const [least, most] = isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (literal < least || literal > most) return false;
  writer.integer(literal, size);
  return true;
}

function writeArray(writer: BsatnWriter, literal: Literal, element: ValueType): boolean {
  if (!Array.isArray(literal)) return false;
  writer.u32(literal.length);
  return (literal as Literal[]).every((each) => write(writer, each, element));
}

/** The enum's own name comes first: `Color.Red`. */
function writeEnum(writer: BsatnWriter, literal: Literal, variants: readonly string[]): boolean {
  if (literal === null || typeof literal !== 'object' || !('names' in literal)) return false;
  const tag = variants.indexOf(literal.names.at(-1) ?? '');
  if (tag === -1) return false;
  writer.u8(tag);
  return true;
}
