/*
 * HalfSipHash-1-3 (Jean-Philippe Aumasson and Daniel J. Bernstein, public domain): a hash under a key that nobody
 * outside knows. Who chooses rows can make the values of a hash without one collide, and each of his rows would cost
 * the database a walk along all the others.
 */

/** Of this thread. Hashes stay in memory: none is written to a disk or sent. */
const [KEY_0, KEY_1] = crypto.getRandomValues(new Int32Array(2)) as unknown as readonly [number, number];

/** The hash of the bytes under a key of twice 32 bits, as a signed 32-bit number. */
export function halfSipHash(key0: number, key1: number, bytes: Uint8Array, start: number, end: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = key0 ^ 0x6c79_6765;
  let v3 = key1 ^ 0x7465_6462;
  const whole = (end - start) >>> 2;
  let at = start;
  // A round for each word, one for what is left and the length, and three without any.
  for (let i = 0; i < whole + 4; i++) {
    let word = 0;
    if (i < whole) {
      word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      at += 4;
    } else if (i === whole) {
      word = (end - start) << 24;
      for (let shift = 0; at < end; at++, shift += 8) word |= bytes[at]! << shift;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (i === whole) v2 ^= 0xff;
  }
  return v1 ^ v3;
}

/** Goes on from the hash `state` of what comes before. @returns a signed 32-bit number */
export function mixBytes(state: number, bytes: Uint8Array, start: number, end: number): number {
  return halfSipHash(KEY_0 ^ state, KEY_1, bytes, start, end);
}

/** An unsigned 32-bit hash of the bytes themselves: for row identity, which is equality of bytes. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  return halfSipHash(KEY_0, KEY_1, bytes, start, end) >>> 0;
}
