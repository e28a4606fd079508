import { HostError } from '../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the WebAssembly binary format; every failure names the byte where it happened. */
export class WasmReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  malformed(what: string, at: number = this.at): HostError {
    return new HostError('HOST_MALFORMED_MODULE', `malformed WebAssembly module at byte ${at}: ${what}`);
  }

  u8(): number {
    if (this.at >= this.end) throw this.malformed('unexpected end');
    return this.bytes[this.at++]!; // at < end <= length
  }

  /** A u32 in LEB128, of at most five bytes. */
  u32(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    const start = this.at - 1;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw this.malformed('a number does not fit 32 bits', start);
  }

  /** A signed number of 33 bits, as in block types; the value does not matter when it is a one-byte type code. */
  s33(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7);
    }
    throw this.malformed('a number does not fit 33 bits', start);
  }

  /** Moves past a LEB128 number of at most `bits` bits. */
  skipLeb(bits: number): void {
    const start = this.at;
    for (let shift = 0; shift < bits; shift += 7) if (this.u8() < 0x80) return;
    throw this.malformed(`a number does not fit ${bits} bits`, start);
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw this.malformed(`expected ${count} more bytes, found ${this.end - this.at}`);
    this.at += count;
  }

  /** The length of a list whose items take at least one byte each. */
  count(): number {
    const start = this.at;
    const count = this.u32();
    if (count > this.end - this.at) throw this.malformed(`a list of ${count} items does not fit`, start);
    return count;
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.malformed('a name is not UTF-8', start);
    }
  }
}
