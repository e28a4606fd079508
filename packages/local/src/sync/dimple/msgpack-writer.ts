import type { FieldValue } from '../../change.ts';
import { ByteWriter, utf8Length } from '../wire/byte-writer.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * As much of MessagePack as DimpleDb writes, every value in its shortest form: https://github.com/msgpack/msgpack
 *
 * A library is not used, as the ones there are write JavaScript numbers by their value, and a REAL that is whole must
 * stay a float64 here, an INTEGER the shortest int.
 */
export class MsgpackWriter {
  readonly #out = new ByteWriter();

  get length(): number {
    return this.#out.length;
  }

  /** What was written, as long as nothing more is. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#out.written();
  }

  reset(): void {
    this.#out.reset();
  }

  array(length: number): void {
    this.#head(length, 0x90, 16, 0xdc, 0xdd);
  }

  map(length: number): void {
    this.#head(length, 0x80, 16, 0xde, 0xdf);
  }

  bool(value: boolean): void {
    this.#out.u8(value ? 0xc3 : 0xc2);
  }

  text(value: string): void {
    const length = utf8Length(value);
    if (length < 32) this.#out.u8(0xa0 | length);
    else this.#length(length, 0xd9, 0xda, 0xdb);
    this.#out.text(value);
  }

  value(value: FieldValue): void {
    if (value === null) this.#out.u8(0xc0);
    else if (typeof value === 'bigint') this.#int(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') {
      this.#out.u8(0xcb);
      this.#out.f64(value);
    } else {
      this.#length(value.length, 0xc4, 0xc5, 0xc6);
      this.#out.bytes(value);
    }
  }

  #int(value: bigint): void {
    if (value < INT64_MIN || value > INT64_MAX) throw new RangeError(`${value} is no integer of 64 bits`);
    if (value < -0x8000_0000n || value > 0xffff_ffffn) {
      this.#out.u8(value < 0n ? 0xd3 : 0xcf);
      this.#out.u64(value);
      return;
    }
    const small = Number(value);
    if (small >= 0) {
      if (small < 0x80) this.#out.u8(small);
      else this.#length(small, 0xcc, 0xcd, 0xce);
    } else if (small >= -32) this.#out.u8(small & 0xff);
    else if (small >= -0x80) {
      this.#out.u8(0xd0);
      this.#out.u8(small & 0xff);
    } else if (small >= -0x8000) {
      this.#out.u8(0xd1);
      this.#out.u16(small & 0xffff);
    } else {
      this.#out.u8(0xd2);
      this.#out.u32(small >>> 0);
    }
  }

  #head(length: number, fixed: number, fixedEnd: number, tag16: number, tag32: number): void {
    if (length < fixedEnd) this.#out.u8(fixed | length);
    else if (length < 0x1_0000) {
      this.#out.u8(tag16);
      this.#out.u16(length);
    } else {
      this.#out.u8(tag32);
      this.#out.u32(length);
    }
  }

  #length(length: number, tag8: number, tag16: number, tag32: number): void {
    if (length < 0x100) {
      this.#out.u8(tag8);
      this.#out.u8(length);
    } else if (length < 0x1_0000) {
      this.#out.u8(tag16);
      this.#out.u16(length);
    } else {
      this.#out.u8(tag32);
      this.#out.u32(length);
    }
  }
}
