import { SatsError } from './errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads little-endian values from bytes that may be hostile: every read is checked against the end,
 * and a length is checked before anything is allocated for it.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #view: DataView; // over the same bytes; `byteOffset` matters: input is often a slice of a larger buffer
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.#at = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    return this.#view.getUint8(this.take(1));
  }
  i8(): number {
    return this.#view.getInt8(this.take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.take(2), true);
  }
  i16(): number {
    return this.#view.getInt16(this.take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.take(4), true);
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
