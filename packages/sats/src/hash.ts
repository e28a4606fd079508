/*
 * MurmurHash3 x86_32 (Austin Appleby, public domain), taken apart so that generated code can feed it word by word.
 */

/** Mixes one 32-bit word into the state. */
export function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = state ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Mixes the bytes and their count into the state. */
export function mixBytes(state: number, bytes: Uint8Array, start: number, end: number): number {
  let h = state;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    h = mix(h, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  let tail = 0;
  for (let shift = 0; at < end; at++, shift += 8) tail |= bytes[at]! << shift;
  // The count keeps "ab" + "c" apart from "a" + "bc", and a tail of zeros from none.
  return mix(mix(h, tail), end - start);
}

/** Spreads the state over all 32 bits of the result, unsigned. */
export function finishHash(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * An unsigned 32-bit hash of the bytes themselves: for row identity, which is equality of bytes.
 * Not keyed: whoever chooses the bytes can make hashes collide.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  return finishHash(mixBytes(0, bytes, start, end));
}
