import type { ByteWriter } from '@lightcone/sats';
import { HINT_FIXED_SIZE, HINT_ROW_OFFSETS } from './row-list.ts';

const FIXED_SIZE_HEADER = 1 + 2 + 4;
const MAX_FIXED_SIZE = 0xffff;
const FIRST_OFFSETS = 64;
/** One very long list should not hold its memory for ever: writers live as long as their thread. */
const MAX_KEPT_OFFSETS = 65_536;
const NO_BYTES = new Uint8Array(0);

/**
 * Writes a row list from the rows' bytes, choosing the hint as the reference does:
 *
 *     no rows                                        RowOffsets([])
 *     all rows of one length, 1 to 65535 bytes       FixedSize(length)
 *     otherwise                                      RowOffsets
 *
 * The hint comes before the data and is known only after it. So rows go straight behind a FixedSize
 * header, right most of the time, and move once if the offsets turn out to be needed. Rows that lie one
 * behind the other, as those of a table do, are copied together.
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
  /** Where each row starts; known without while all are of one length. */
  #offsets = new Uint32Array(FIRST_OFFSETS);
  #dataLength = 0;
  /** The last rows, which are not copied yet: `#run[#runStart..#runEnd]`. */
  #run: Uint8Array = NO_BYTES;
  #runStart = 0;
  #runEnd = 0;

  begin(writer: ByteWriter): void {
    this.#writer = writer;
    this.#listAt = writer.reserve(FIXED_SIZE_HEADER);
    this.#count = 0;
    this.#isUniform = true;
    this.#dataLength = 0;
    this.#forgetRun();
  }

  /** Appends the row `bytes[start..end]`, which must stay as it is until `end`. */
  row(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#isUniform && length !== this.#firstLength) {
      if (this.#count === 0) this.#firstLength = length;
      else this.#beginOffsets();
    }
    if (!this.#isUniform) {
      if (this.#count === this.#offsets.length) this.#growOffsets();
      this.#offsets[this.#count] = this.#dataLength;
    }
    this.#count++;
    this.#dataLength += length;
    if (start === this.#runEnd && bytes === this.#run) {
      this.#runEnd = end;
      return;
    }
    this.#copyRun();
    this.#target();
    this.#run = bytes;
    this.#runStart = start;
    this.#runEnd = end;
  }

  /** Completes the list. @returns how many rows it has */
  end(): number {
    this.#copyRun();
    this.#forgetRun();
    const writer = this.#target();
    const dataAt = this.#listAt + FIXED_SIZE_HEADER;
    const dataLength = this.#dataLength;
    const size = this.#firstLength;
    if (this.#count > 0 && this.#isUniform && size > 0 && size <= MAX_FIXED_SIZE) {
      writer.bytes[this.#listAt] = HINT_FIXED_SIZE;
      writer.bytes[this.#listAt + 1] = size & 0xff;
      writer.bytes[this.#listAt + 2] = size >>> 8;
      writer.setU32(this.#listAt + 3, dataLength);
    } else {
      if (this.#isUniform) this.#beginOffsets();
      this.#writeOffsets(writer, dataAt, dataLength);
    }
    if (this.#offsets.length > MAX_KEPT_OFFSETS) this.#offsets = new Uint32Array(FIRST_OFFSETS);
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

  #copyRun(): void {
    if (this.#runEnd > this.#runStart) this.#target().slice(this.#run, this.#runStart, this.#runEnd);
  }

  /** Keeps nothing from being collected. */
  #forgetRun(): void {
    this.#run = NO_BYTES;
    this.#runStart = 0;
    this.#runEnd = 0;
  }

  /** Writes down where the rows start that were of one length so far. */
  #beginOffsets(): void {
    this.#isUniform = false;
    while (this.#offsets.length < this.#count) this.#growOffsets();
    for (let i = 0; i < this.#count; i++) this.#offsets[i] = i * this.#firstLength;
  }

  #growOffsets(): void {
    const grown = new Uint32Array(this.#offsets.length * 2);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }
}
