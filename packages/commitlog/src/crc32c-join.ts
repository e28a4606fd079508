const POLYNOMIAL = 0x82f6_3b78; // Castagnoli, bits reversed

/** The polynomials x^(2^k), bits reversed, for k from 0. */
const powers = makePowers();

/**
 * The CRC-32C of two runs of bytes, one behind the other, from that of each: `crc32c(left + right)`.
 *
 * A checksum is a remainder of polynomials; bytes behind it multiply it by x^8 each (Mark Adler's `crc32_combine` of
 * zlib). It takes some 30 steps for each bit of the length.
 */
export function joinCrc32c(left: number, right: number, rightBytes: number): number {
  return (multiply(powerOfBytes(rightBytes), left) ^ right) >>> 0;
}

/** The CRC-32C of the end of a run, from those of the run and of its beginning. */
export function endCrc32c(whole: number, beginning: number, endBytes: number): number {
  return joinCrc32c(beginning, whole, endBytes);
}

function makePowers(): Int32Array {
  const result = new Int32Array(64);
  result[0] = 1 << 30; // x
  for (let k = 1; k < result.length; k++) result[k] = multiply(result[k - 1]!, result[k - 1]!); // k > 0
  return result;
}

/** x^(8 * bytes). */
function powerOfBytes(bytes: number): number {
  let power = 1 << 31; // 1
  for (let rest = bytes, k = 3; rest > 0; rest = Math.floor(rest / 2), k++) {
    if (rest % 2 === 1) power = multiply(powers[k]!, power); // lengths are below 2^53
  }
  return power;
}

/** The product of two polynomials, modulo that of the checksum. */
function multiply(left: number, right: number): number {
  let product = 0;
  let shifted = right;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}
