import { writeJson } from '@lightcone/sats';

/** As PostgreSQL writes bytes: `\\x00ff`. */
export function formatBytes(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** The double that is written with the fewest digits among those that round to the same single. */
export function shortestSingle(value: number): number {
  return Number.isFinite(value) ? Number(writeJson({ tag: 'F32' }, [], value, 'untyped')) : value;
}

/** JavaScript and PostgreSQL write floats alike, but for the negative zero. */
export function formatFloat(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
