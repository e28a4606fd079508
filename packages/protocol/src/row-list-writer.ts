import type { ByteWriter } from '@lightcone/sats';
import { HINT_FIXED_SIZE, HINT_ROW_OFFSETS } from './row-list.ts';

const FIXED_SIZE_HEADER = 1 + 2 + 4;
const MAX_FIXED_SIZE = 0xffff;

/**
 * Writes a row list from the rows' bytes, choosing the hint as the reference does:
 *
 *     no rows                                        RowOffsets([])
 *     all rows of one length, 1 to 65535 bytes       FixedSize(length)
 *     otherwise                                      RowOffsets
 *
 * The hint comes before the data and is known only after it. So rows go straight behind a FixedSize
 * header, right most of the time, and move once if the offsets turn out to be needed.
 *
 * One writer serves one list after another; nothing else may be written to the target between
 * `begin` and `end`.
 */
export class RowListWriter {
  #writer: ByteWriter | undefined;
  #listAt = 0;
  #count = 0;
  #firstLength = 0;
  #isUniform = true;
  #offsets = new Uint32Array(64);

  begin(writer: ByteWriter): void {
    this.#writer = writer;
    this.#listAt = writer.reserve(FIXED_SIZE_HEADER);
    this.#count = 0;
    this.#isUniform = true;
  }

  /** Appends the row `bytes[start..end]`. */
  row(bytes: Uint8Array, start: number, end: number): void {
    const writer = this.#target();
    const length = end - start;
    const count = this.#count;
    if (count === 0) this.#firstLength = length;
    else if (length !== this.#firstLength) this.#isUniform = false;
    if (count === this.#offsets.length) this.#growOffsets();
    this.#offsets[count] = writer.length - this.#listAt - FIXED_SIZE_HEADER;
    this.#count = count + 1;
    writer.slice(bytes, start, end);
  }

  /** Completes the list. @returns how many rows it has */
  end(): number {
    const writer = this.#target();
    const dataAt = this.#listAt + FIXED_SIZE_HEADER;
    const dataLength = writer.length - dataAt;
    const size = this.#firstLength;
    if (this.#count > 0 && this.#isUniform && size > 0 && size <= MAX_FIXED_SIZE) {
      writer.bytes[this.#listAt] = HINT_FIXED_SIZE;
      writer.bytes[this.#listAt + 1] = size & 0xff;
      writer.bytes[this.#listAt + 2] = size >>> 8;
      writer.setU32(this.#listAt + 3, dataLength);
    } else {
      this.#writeOffsets(writer, dataAt, dataLength);
    }
    this.#writer = undefined;
    return this.#count;
  }

  #writeOffsets(writer: ByteWriter, dataAt: number, dataLength: number): void {
    const count = this.#count;
    const headerLength = 1 + 4 + 8 * count + 4;
    const movedTo = this.#listAt + headerLength;
    writer.reserve(movedTo - dataAt);
    writer.bytes.copyWithin(movedTo, dataAt, dataAt + dataLength);
    writer.bytes[this.#listAt] = HINT_ROW_OFFSETS;
    writer.setU32(this.#listAt + 1, count);
    let at = this.#listAt + 5;
    for (let i = 0; i < count; i++) {
      writer.setU32(at, this.#offsets[i]!); // in range: i < count
      writer.setU32(at + 4, 0);
      at += 8;
    }
    writer.setU32(at, dataLength);
  }

  #target(): ByteWriter {
    if (this.#writer === undefined) throw new Error('a RowListWriter was used outside begin and end');
    return this.#writer;
  }

  #growOffsets(): void {
    const grown = new Uint32Array(this.#offsets.length * 2);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }
}
