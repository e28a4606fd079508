const POLYNOMIAL = 0x82f6_3b78; // Castagnoli, bits reversed
const SLICES = 16;

/** Sixteen tables in one array: entry `256 * k + b` is the checksum of byte `b` followed by `k` zero bytes. */
const tables = makeTables();

function makeTables(): Int32Array {
  const result = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    result[byte] = crc;
  }
  for (let at = 256; at < result.length; at++) {
    const previous = result[at - 256]!; // at >= 256
    result[at] = (previous >>> 8) ^ result[previous & 0xff]!; // an index of at most 255
  }
  return result;
}

/**
 * CRC-32C of `bytes[start..end]`, as an unsigned number.
 *
 * Slicing by 16 (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC
 * Generators"): one table look-up per byte, of which sixteen do not wait for each other.
 */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const t = tables;
  const b = bytes;
  const lastSlice = end - SLICES;
  let crc = -1;
  let i = start;
  // All indexes below are in range: bytes by `lastSlice`, table entries by being one byte plus a multiple of 256.
  for (; i <= lastSlice; i += SLICES) {
    crc =
      t[3840 + ((crc ^ b[i]!) & 0xff)]! ^
      t[3584 + (((crc >>> 8) ^ b[i + 1]!) & 0xff)]! ^
      t[3328 + (((crc >>> 16) ^ b[i + 2]!) & 0xff)]! ^
      t[3072 + ((crc >>> 24) ^ b[i + 3]!)]! ^
      t[2816 + b[i + 4]!]! ^
      t[2560 + b[i + 5]!]! ^
      t[2304 + b[i + 6]!]! ^
      t[2048 + b[i + 7]!]! ^
      t[1792 + b[i + 8]!]! ^
      t[1536 + b[i + 9]!]! ^
      t[1280 + b[i + 10]!]! ^
      t[1024 + b[i + 11]!]! ^
      t[768 + b[i + 12]!]! ^
      t[512 + b[i + 13]!]! ^
      t[256 + b[i + 14]!]! ^
      t[b[i + 15]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ b[i]!) & 0xff]!;
  return ~crc >>> 0;
}
