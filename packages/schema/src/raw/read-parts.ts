import { type ByteReader, SatsError } from '@lightcone/sats';

/**
 * Reads a u32 count and that many elements. Nothing is allocated for the count itself: every
 * element of a definition takes at least one byte, so a false count runs into the end.
 */
export function readList<T>(reader: ByteReader, readElement: (reader: ByteReader) => T): T[] {
  const count = reader.u32();
  const elements: T[] = [];
  for (let i = 0; i < count; i++) elements.push(readElement(reader));
  return elements;
}

export function readOption<T>(reader: ByteReader, readSome: (reader: ByteReader) => T): T | undefined {
  return readVariant(reader, 'Option', ['some', 'none']) === 'some' ? readSome(reader) : undefined;
}

/** Reads the tag of a sum and returns the name of its variant. */
export function readVariant<const Name extends string>(
  reader: ByteReader,
  sumName: string,
  names: readonly Name[],
): Name {
  const tag = reader.u8();
  const name = names[tag];
  if (name === undefined) {
    throw new SatsError(
      'SATS_UNKNOWN_VARIANT',
      `unknown tag 0x${tag.toString(16)} for sum type ${sumName} at byte ${reader.offset - 1}`,
    );
  }
  return name;
}

export function readColumns(reader: ByteReader): number[] {
  return readList(reader, (columns) => columns.u16());
}

export function readI128(reader: ByteReader): bigint {
  return reader.wideSigned(16);
}
