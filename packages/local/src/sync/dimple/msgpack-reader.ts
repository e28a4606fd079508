import type { FieldValue } from '../../change.ts';
import { ByteReader, MalformedError } from '../wire/byte-reader.ts';

const MAX_DEPTH = 64;

/**
 * Reads MessagePack as DimpleDb does, which takes more than it writes. Every method throws `MalformedError`.
 *
 * A library is not used, as the ones there are read a REAL that is whole and an INTEGER as the same JavaScript number.
 */
export class MsgpackReader {
  readonly #in: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#in = new ByteReader(bytes);
  }

  get at(): number {
    return this.#in.at;
  }

  /** @throws MalformedError if there is more than was read */
  end(): void {
    if (this.#in.left > 0) throw new MalformedError(`${this.#in.left} bytes too many from offset ${this.#in.at} on`);
  }

  /** How many values follow that belong together: those of an array, or keys and values of a map. */
  collection(): { readonly kind: 'array' | 'map'; readonly length: number } {
    const tag = this.#in.u8();
    if (tag >= 0x90 && tag <= 0x9f) return { kind: 'array', length: this.#in.count(tag & 0x0f, 1) };
    if (tag >= 0x80 && tag <= 0x8f) return { kind: 'map', length: this.#in.count(tag & 0x0f, 2) };
    if (tag === 0xdc) return { kind: 'array', length: this.#in.count(this.#in.u16(), 1) };
    if (tag === 0xdd) return { kind: 'array', length: this.#in.count(this.#in.u32(), 1) };
    if (tag === 0xde) return { kind: 'map', length: this.#in.count(this.#in.u16(), 2) };
    if (tag === 0xdf) return { kind: 'map', length: this.#in.count(this.#in.u32(), 2) };
    throw new MalformedError(`expected an array or a map at offset ${this.#in.at - 1}, found the byte ${tag}`);
  }

  array(): number {
    const at = this.#in.at;
    const { kind, length } = this.collection();
    if (kind !== 'array') throw new MalformedError(`expected an array at offset ${at}, found a map`);
    return length;
  }

  map(): number {
    const at = this.#in.at;
    const { kind, length } = this.collection();
    if (kind !== 'map') throw new MalformedError(`expected a map at offset ${at}, found an array`);
    return length;
  }

  text(): string {
    const at = this.#in.at;
    const value = this.value();
    if (typeof value !== 'string') throw new MalformedError(`expected a text at offset ${at}`);
    return value;
  }

  /**
   * A value of a field: booleans are 0 and 1, integers above 2^63-1 negative, and what SQLite has no value for is null:
   * arrays, maps, extensions, texts that are no UTF-8. All as the reference reads them.
   */
  value(depth = 0): FieldValue {
    if (depth > MAX_DEPTH) throw new MalformedError(`over ${MAX_DEPTH} values inside each other`);
    const tag = this.#in.u8();
    if (tag < 0x80) return BigInt(tag);
    if (tag >= 0xe0) return BigInt(tag - 0x100);
    if (tag >= 0xa0 && tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag < 0xa0) return this.#skip(tag < 0x90 ? (tag & 0x0f) * 2 : tag & 0x0f, depth);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return 0n;
      case 0xc3:
        return 1n;
      case 0xc4:
        return this.#blob(this.#in.u8());
      case 0xc5:
        return this.#blob(this.#in.u16());
      case 0xc6:
        return this.#blob(this.#in.u32());
      case 0xc7:
        return this.#extension(this.#in.u8());
      case 0xc8:
        return this.#extension(this.#in.u16());
      case 0xc9:
        return this.#extension(this.#in.u32());
      case 0xca:
        return this.#in.f32();
      case 0xcb:
        return this.#in.f64();
      case 0xcc:
        return BigInt(this.#in.u8());
      case 0xcd:
        return BigInt(this.#in.u16());
      case 0xce:
        return BigInt(this.#in.u32());
      case 0xcf:
        return BigInt.asIntN(64, this.#in.u64());
      case 0xd0:
        return BigInt(this.#in.i8());
      case 0xd1:
        return BigInt(this.#in.i16());
      case 0xd2:
        return BigInt(this.#in.i32());
      case 0xd3:
        return this.#in.i64();
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (tag - 0xd4));
      case 0xd9:
        return this.#text(this.#in.u8());
      case 0xda:
        return this.#text(this.#in.u16());
      case 0xdb:
        return this.#text(this.#in.u32());
      case 0xdc:
        return this.#skip(this.#in.u16(), depth);
      case 0xdd:
        return this.#skip(this.#in.u32(), depth);
      case 0xde:
        return this.#skip(this.#in.u16() * 2, depth);
      case 0xdf:
        return this.#skip(this.#in.u32() * 2, depth);
      default:
        throw new MalformedError(`the byte ${tag} at offset ${this.#in.at - 1} begins no value`);
    }
  }

  #text(length: number): string | null {
    const start = this.#in.at;
    try {
      return this.#in.text(length);
    } catch (error) {
      // Passed over whole: no UTF-8. Otherwise it is cut off.
      if (error instanceof MalformedError && this.#in.at === start + length) return null;
      throw error;
    }
  }

  #blob(length: number): Uint8Array {
    return this.#in.bytes(length).slice();
  }

  #extension(length: number): null {
    this.#in.skip(length + 1);
    return null;
  }

  #skip(values: number, depth: number): null {
    for (let i = this.#in.count(values, 1); i > 0; i--) this.value(depth + 1);
    return null;
  }
}
