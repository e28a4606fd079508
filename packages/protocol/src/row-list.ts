import type { ByteReader, ByteWriter } from '@lightcone/sats';
import { ProtocolError, unknownVariant } from './errors.ts';

/**
 * Rows of one table as they travel: their BSATN back to back, and a hint where each begins.
 *
 * Decoded lists hold a view of the frame, not a copy.
 */
export interface RowList {
  readonly sizeHint: RowSizeHint;
  readonly data: Uint8Array;
}

export type RowSizeHint =
  /** Every row takes `size` bytes, 1 to 65535. */
  | { readonly tag: 'FixedSize'; readonly size: number }
  /** Where each row starts in the data; it ends where the next starts, the last one at the end. */
  | { readonly tag: 'RowOffsets'; readonly offsets: readonly number[] };

export const HINT_FIXED_SIZE = 0;
export const HINT_ROW_OFFSETS = 1;

export function rowCount(list: RowList): number {
  const { sizeHint } = list;
  return sizeHint.tag === 'FixedSize' ? list.data.length / sizeHint.size : sizeHint.offsets.length;
}

/** Where row `index` starts in `list.data`; for `index` = the row count, where the last one ends. */
export function rowStart(list: RowList, index: number): number {
  const { sizeHint } = list;
  if (sizeHint.tag === 'FixedSize') return index * sizeHint.size;
  return sizeHint.offsets[index] ?? list.data.length;
}

/** @throws ProtocolError `PROTOCOL_INVALID_ROW_LIST` when the hint does not fit the data; SatsError when cut short */
export function readRowList(reader: ByteReader): RowList {
  const tag = reader.u8();
  switch (tag) {
    case HINT_FIXED_SIZE: {
      const size = reader.u16();
      return checkedRowList({ tag: 'FixedSize', size }, reader.lengthPrefixed(), reader.offset);
    }
    case HINT_ROW_OFFSETS: {
      const offsets = readOffsets(reader);
      return checkedRowList({ tag: 'RowOffsets', offsets }, reader.lengthPrefixed(), reader.offset);
    }
    default:
      throw unknownVariant('RowSizeHint', tag, reader.offset - 1, 2);
  }
}

/** Writes a list with the hint it has. `RowListWriter` chooses the hint, and takes rows one by one. */
export function writeRowList(writer: ByteWriter, list: RowList): void {
  if (list.sizeHint.tag === 'FixedSize') {
    writer.u8(HINT_FIXED_SIZE);
    writer.u16(list.sizeHint.size);
  } else {
    writer.u8(HINT_ROW_OFFSETS);
    writer.u32(list.sizeHint.offsets.length);
    for (const offset of list.sizeHint.offsets) writer.u64Number(offset);
  }
  writer.lengthPrefixed(list.data);
}

/** The count is not trusted with memory: the list grows as offsets are really there. */
function readOffsets(reader: ByteReader): number[] {
  const count = reader.u32();
  const offsets: number[] = [];
  for (let i = 0; i < count; i++) offsets.push(Number(reader.u64()));
  return offsets;
}

/** @param endsAt where the list ends in its message. @throws ProtocolError `PROTOCOL_INVALID_ROW_LIST` */
export function checkedRowList(sizeHint: RowSizeHint, data: Uint8Array, endsAt: number): RowList {
  if (sizeHint.tag === 'RowOffsets') checkOffsets(sizeHint.offsets, data.length, endsAt);
  else if (sizeHint.size === 0 || data.length % sizeHint.size !== 0) {
    throw invalidRowList(endsAt, `${data.length} bytes do not divide into rows of ${sizeHint.size}`);
  }
  return { sizeHint, data };
}

function checkOffsets(offsets: readonly number[], dataLength: number, endsAt: number): void {
  let previous = 0;
  for (const offset of offsets) {
    if (offset < previous || offset > dataLength) {
      throw invalidRowList(endsAt, `row offset ${offset} is not between ${previous} and ${dataLength}`);
    }
    previous = offset;
  }
  const first = offsets[0] ?? dataLength;
  if (first !== 0) throw invalidRowList(endsAt, `the first ${first} bytes belong to no row`);
}

function invalidRowList(endsAt: number, problem: string): ProtocolError {
  return new ProtocolError('PROTOCOL_INVALID_ROW_LIST', `row list before byte ${endsAt}: ${problem}`);
}
