import type { ByteWriter } from '@lightcone/sats';

/** Writes a u32 in as few LEB128 bytes as it needs. */
export function writeUnsigned(writer: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    writer.u8((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  writer.u8(rest);
}

/** Writes a whole number of at most 53 bits as a signed LEB128, for `i64.const`. */
export function writeSigned(writer: ByteWriter, value: number): void {
  let rest = value;
  while (rest < -64 || rest > 63) {
    writer.u8((((rest % 0x80) + 0x80) % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  writer.u8(rest & 0x7f);
}

const PADDED_BYTES = 5;

/** Reserves room for a u32 that `patchSize` fills in: sizes are known only after what they measure. */
export function reserveSize(writer: ByteWriter): number {
  return writer.reserve(PADDED_BYTES);
}

/** Writes the number of bytes that follow the room reserved at `at`. */
export function patchSize(writer: ByteWriter, at: number): void {
  let rest = writer.length - at - PADDED_BYTES;
  for (let i = 0; i < PADDED_BYTES; i++) {
    const more = i < PADDED_BYTES - 1 ? 0x80 : 0;
    writer.bytes[at + i] = (rest & 0x7f) | more;
    rest >>>= 7;
  }
}
