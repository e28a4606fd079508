import { SatsError } from './errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads little-endian values from bytes that may be hostile: every read is checked against the end,
 * and a length is checked before anything is allocated for it.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  #at: number;
  #dataView: DataView | undefined;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    if (end > bytes.length) throw new RangeError(`end ${end} of ${bytes.length} bytes`);
    this.bytes = bytes;
    this.end = end;
    this.#at = start;
  }

  /** Made when first needed: it costs as much as thirty small reads, and many readers never need it. */
  get #view(): DataView {
    const { bytes } = this;
    // `byteOffset` matters: input is often a slice of a larger buffer.
    return (this.#dataView ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Where the next read starts. */
  get offset(): number {
    return this.#at;
  }
  get remaining(): number {
    return this.end - this.#at;
  }

  /** Moves past `count` bytes and returns where they start. */
  take(count: number): number {
    const start = this.#at;
    if (count > this.end - start) {
      throw new SatsError(
        'SATS_UNEXPECTED_END',
        `data too short at byte ${start}: expected ${count}, given ${this.end - start}`,
      );
    }
    this.#at = start + count;
    return start;
  }

  u8(): number {
    return this.bytes[this.take(1)]!; // `take` has checked that it is there; so below
  }
  i8(): number {
    return (this.u8() << 24) >> 24;
  }
  u16(): number {
    const at = this.take(2);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }
  i16(): number {
    return (this.u16() << 16) >> 16;
  }
  u32(): number {
    return this.i32() >>> 0;
  }
  i32(): number {
    const { bytes } = this;
    const at = this.take(4);
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.take(8), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.take(8), true);
  }
  f32(): number {
    return this.#view.getFloat32(this.take(4), true);
  }
  f64(): number {
    return this.#view.getFloat64(this.take(8), true);
  }
  /** Reads an unsigned integer of `size` bytes (16 or 32). */
  wideUnsigned(size: number): bigint {
    const start = this.take(size);
    let value = 0n;
    for (let i = size - 8; i >= 0; i -= 8) value = (value << 64n) | this.#view.getBigUint64(start + i, true);
    return value;
  }
  /** Reads a two's complement integer of `size` bytes (16 or 32). */
  wideSigned(size: number): bigint {
    return BigInt.asIntN(size * 8, this.wideUnsigned(size));
  }
  bool(): boolean {
    const value = this.u8();
    if (value > 1) {
      throw new SatsError(
        'SATS_INVALID_BOOL',
        `byte ${value} at ${this.#at - 1} not valid as \`bool\` (must be 0 or 1)`,
      );
    }
    return value === 1;
  }

  /** Reads `count` bytes as a view of the input, not a copy. */
  raw(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.subarray(start, start + count);
  }

  /** Reads a u32 length and that many bytes, as a view of the input. */
  lengthPrefixed(): Uint8Array {
    return this.raw(this.u32());
  }

  /** Reads a u32 length and that much UTF-8. */
  string(): string {
    const start = this.#at;
    const text = this.lengthPrefixed();
    try {
      return decoder.decode(text);
    } catch (cause) {
      throw new SatsError('SATS_INVALID_UTF8', `invalid utf8 in the string at byte ${start}`, { cause });
    }
  }
}
