/* Hashes of floats, of which equal ones may differ in their bytes: there is one zero here, and one NaN. */
import { mixBytes } from './hash.ts';
import { loadF32, loadF64 } from './load-float.ts';

const ZERO = new Uint8Array(8);
/** Of no number: the numbers' are four or eight bytes long. */
const NAN = new Uint8Array(1);

/** Mixes the f32 at `at` into the state. */
export function mixF32(state: number, bytes: Uint8Array, at: number): number {
  return mixFloat(state, loadF32(bytes, at), bytes, at, 4);
}

/** Mixes the f64 at `at` into the state. */
export function mixF64(state: number, bytes: Uint8Array, at: number): number {
  return mixFloat(state, loadF64(bytes, at), bytes, at, 8);
}

function mixFloat(state: number, value: number, bytes: Uint8Array, at: number, size: number): number {
  if (value === 0) return mixBytes(state, ZERO, 0, size);
  if (Number.isNaN(value)) return mixBytes(state, NAN, 0, 1);
  return mixBytes(state, bytes, at, at + size);
}
