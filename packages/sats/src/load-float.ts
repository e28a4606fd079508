/* Floats out of bytes, through four or eight scratch bytes: callers pass too many different arrays to keep views. */

const scratchF32 = new Float32Array(1);
const scratchI32 = new Int32Array(scratchF32.buffer);
const scratchF64 = new Float64Array(1);
const scratchHalves = new Int32Array(scratchF64.buffer);

/** Typed arrays use the machine's byte order; on a big-endian one the high half comes first. */
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

function loadI32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

export function loadF32(bytes: Uint8Array, at: number): number {
  scratchI32[0] = loadI32(bytes, at);
  return scratchF32[0]!;
}

export function loadF64(bytes: Uint8Array, at: number): number {
  scratchHalves[LOW_HALF] = loadI32(bytes, at);
  scratchHalves[1 - LOW_HALF] = loadI32(bytes, at + 4);
  return scratchF64[0]!;
}
