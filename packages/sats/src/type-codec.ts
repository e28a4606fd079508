import { ALGEBRAIC_TYPE_TAGS } from './algebraic-type.ts';
import type { AlgebraicType, NamedType } from './algebraic-type.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { SatsError } from './errors.ts';
import { MAX_DEPTH, MAX_VARIANTS } from './limits.ts';

/** Writes a type as the BSATN of the meta-type AlgebraicType. */
export function writeType(writer: ByteWriter, type: AlgebraicType): void {
  writer.u8(ALGEBRAIC_TYPE_TAGS.indexOf(type.tag));
  switch (type.tag) {
    case 'Ref':
      writer.u32(type.ref);
      return;
    case 'Array':
      writeType(writer, type.element);
      return;
    case 'Product':
      writeMembers(writer, type.elements);
      return;
    case 'Sum':
      writeMembers(writer, type.variants);
      return;
    default:
  }
}

function writeMembers(writer: ByteWriter, members: readonly NamedType[]): void {
  writer.u32(members.length);
  for (const { name, type } of members) {
    writer.u8(name === undefined ? 1 : 0);
    if (name !== undefined) writer.string(name);
    writeType(writer, type);
  }
}

/**
 * Reads a type. Refs are not checked: their typespace may come later.
 * @throws SatsError `SATS_TOO_DEEP` for a type nested deeper than 256, and the errors of the bytes
 */
export function readType(reader: ByteReader): AlgebraicType {
  return readNested(reader, 0);
}

function readNested(reader: ByteReader, depth: number): AlgebraicType {
  if (depth > MAX_DEPTH) throw new SatsError('SATS_TOO_DEEP', `type nested deeper than ${MAX_DEPTH}`);
  const at = reader.offset;
  const code = reader.u8();
  const tag = ALGEBRAIC_TYPE_TAGS[code];
  switch (tag) {
    case undefined:
      throw new SatsError(
        'SATS_UNKNOWN_VARIANT',
        `unknown tag ${hexByte(code)} for sum type AlgebraicType at byte ${at}`,
      );
    case 'Ref':
      return { tag, ref: reader.u32() };
    case 'Array':
      return { tag, element: readNested(reader, depth + 1) };
    case 'Product':
      return { tag, elements: readMembers(reader, depth + 1) };
    case 'Sum': {
      const variants = readMembers(reader, depth + 1);
      if (variants.length > MAX_VARIANTS) {
        throw new SatsError(
          'SATS_INVALID_TYPE',
          `a sum of ${variants.length} variants: at most ${MAX_VARIANTS} fit a tag`,
        );
      }
      return { tag, variants };
    }
    default:
      return { tag };
  }
}

function readMembers(reader: ByteReader, depth: number): NamedType[] {
  const members: NamedType[] = [];
  // Nothing is allocated for the count itself: every member takes at least two bytes, so a lie soon runs dry.
  for (let left = reader.u32(); left > 0; left--) {
    const at = reader.offset;
    const option = reader.u8();
    if (option > 1) {
      throw new SatsError('SATS_UNKNOWN_VARIANT', `unknown tag ${hexByte(option)} for sum type Option at byte ${at}`);
    }
    const name = option === 0 ? reader.string() : undefined;
    members.push({ name, type: readNested(reader, depth) });
  }
  return members;
}

function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
