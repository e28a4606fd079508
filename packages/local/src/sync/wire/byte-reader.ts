const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reading stopped where the bytes make no sense. The caller knows what they should have been, and says it. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Reads what `ByteWriter` writes, and trusts nothing. Every method throws `MalformedError`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    // Of a Buffer, `slice` would give no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.skip(8));
  }

  i8(): number {
    return this.#view.getInt8(this.skip(1));
  }

  i16(): number {
    return this.#view.getInt16(this.skip(2));
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.skip(8));
  }

  f32(): number {
    return this.#view.getFloat32(this.skip(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.skip(8));
  }

  varuint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new MalformedError(`a number before offset ${this.#at} is over 2^53`);
  }

  /** A number of things that have `least` bytes each at least: one that promises more than is left is refused. */
  count(count: number, least: number): number {
    if (count * least > this.left) {
      throw new MalformedError(
        `${count} entries at offset ${this.#at} cannot be in the ${this.left} bytes that are left`,
      );
    }
    return count;
  }

  /** The next bytes, not copied. */
  bytes(count: number): Uint8Array {
    const start = this.skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  text(length: number): string {
    const start = this.skip(length);
    // Most texts are short names and words, which the decoder is slow to begin with.
    if (length < 24) {
      let text = '';
      let i = start;
      for (; i < start + length; i++) {
        const byte = this.#bytes[i]!;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (i === start + length) return text;
    }
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length));
    } catch (error) {
      throw new MalformedError(`the text at offset ${start} is no UTF-8`, { cause: error });
    }
  }

  /** Passes over bytes. @returns where they start */
  skip(count: number): number {
    const start = this.#at;
    if (count > this.left) {
      throw new MalformedError(`expected ${count} more bytes at offset ${start}, found ${this.left}`);
    }
    this.#at = start + count;
    return start;
  }
}
