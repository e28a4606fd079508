/** Writes BSATN: little-endian integers, lengths of 32 bits. */
export class BsatnWriter {
  readonly #bytes: number[] = [];

  u8(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u16(value: number): void {
    this.integer(BigInt(value), 2);
  }

  u32(value: number): void {
    this.integer(BigInt(value), 4);
  }

  /** `size` bytes of the two's complement. */
  integer(value: bigint, size: number): void {
    for (let at = 0; at < size; at++) this.u8(Number((value >> BigInt(8 * at)) & 0xffn));
  }

  f32(value: number): void {
    this.raw(new Uint8Array(Float32Array.of(value).buffer));
  }

  f64(value: number): void {
    this.raw(new Uint8Array(Float64Array.of(value).buffer));
  }

  string(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  array<T>(items: readonly T[], write: (item: T, position: number) => void): void {
    this.u32(items.length);
    items.forEach(write);
  }

  /** An option: tag 0 and the value, or tag 1. */
  option<T>(value: T | undefined, write: (value: T) => void): void {
    this.u8(value === undefined ? 1 : 0);
    if (value !== undefined) write(value);
  }

  written(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
