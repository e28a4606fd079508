import { SatsError } from './errors.ts';

const encoder = new TextEncoder();

/**
 * Appends little-endian values to a growing buffer.
 *
 * One writer is meant to be reused: `reset()` forgets the content and keeps the memory. The views
 * that `written()` hands out are valid until the next write or reset; `finish()` copies.
 */
export class ByteWriter {
  /** The buffer being written; its first `length` bytes are the content. Replaced when it grows. */
  bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialCapacity = 256) {
    this.bytes = new Uint8Array(Math.max(initialCapacity, 16));
    this.#view = new DataView(this.bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** Forgets what was written after `length` bytes: how a half-written message is taken back. */
  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** The content, without a copy. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.#length);
  }

  /** A copy of the content. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.#length);
  }

  /** Makes room for `count` bytes, counts them as written, and returns where they start. */
  reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.bytes.length) this.#grow(end);
    this.#length = end;
    return start;
  }

  /** Makes room for `count` bytes more at once, where it is known beforehand how many come. */
  makeRoom(count: number): void {
    const end = this.#length + count;
    if (end > this.bytes.length) this.#enlarge(end);
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }
  u16(value: number): void {
    const at = this.reserve(2);
    this.#view.setUint16(at, value, true);
  }
  u32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
  }
  /** Writes a u64 that fits a safe integer; `u64` takes the rest. */
  u64Number(value: number): void {
    const at = this.reserve(8);
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(value / 4294967296), true);
  }
  u64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigUint64(at, value, true);
  }
  i64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigInt64(at, value, true);
  }
  f32(value: number): void {
    const at = this.reserve(4);
    this.#view.setFloat32(at, value, true);
  }
  f64(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value, true);
  }
  /** Writes an integer of `size` bytes (16 or 32), two's complement. */
  wide(value: bigint, size: number): void {
    const at = this.reserve(size);
    let rest = value;
    for (let i = 0; i < size; i += 8) {
      this.#view.setBigUint64(at + i, BigInt.asUintN(64, rest), true);
      rest >>= 64n;
    }
  }
  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** Writes raw bytes, with no length before them. */
  raw(source: Uint8Array): void {
    const at = this.reserve(source.length);
    this.bytes.set(source, at);
  }

  /** Writes `source[start..end]` raw. Short runs are copied by hand: `set` costs more than they do. */
  slice(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    const at = this.reserve(count);
    if (count > 48) {
      this.bytes.set(source.subarray(start, end), at);
      return;
    }
    const target = this.bytes;
    for (let i = 0; i < count; i++) target[at + i] = source[start + i]!; // in range: start + i < end
  }

  /** Writes a u32 length and the bytes. */
  lengthPrefixed(source: Uint8Array): void {
    this.u32(source.length);
    this.raw(source);
  }

  /** Writes a u32 length and the text's UTF-8. */
  string(value: string): void {
    const lengthAt = this.reserve(4);
    const textAt = this.#length;
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.reserve(value.length * 3);
    const { written } = encoder.encodeInto(value, this.bytes.subarray(textAt));
    if (written > 0xffff_ffff) throw new SatsError('SATS_TOO_LONG', `a string of ${written} bytes is over 4294967295`);
    this.#length = textAt + written;
    this.#view.setUint32(lengthAt, written, true);
  }

  /** Writes the text's UTF-8, with no length before it. */
  text(value: string): void {
    const at = this.#length;
    this.reserve(value.length * 3);
    this.#length = at + encoder.encodeInto(value, this.bytes.subarray(at)).written;
  }

  /** Overwrites four bytes that were written or reserved before: for a length known only afterwards. */
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  #grow(needed: number): void {
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    this.#enlarge(capacity);
  }

  #enlarge(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.bytes.subarray(0, this.#length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
