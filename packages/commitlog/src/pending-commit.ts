import { CHECKSUM_BYTES, COMMIT_LAYOUT, EPOCH_AT, MAX_COMMIT_RECORDS } from './commit-layout.ts';
import { crc32c } from './crc32c.ts';

/** A commit takes no second record beyond this size: it bounds what one write carries and one checksum covers. */
const FULL_BYTES = 8 * 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;

/**
 * The commit being gathered: records copied one behind the other, behind room for the header, so that the whole
 * goes out as one write. Reused after it was written.
 */
export class PendingCommit {
  minTxOffset: number;
  count = 0;
  #bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  #length = COMMIT_LAYOUT.headerBytes;

  constructor(minTxOffset: number) {
    this.minTxOffset = minTxOffset;
  }

  /** Empties the commit; its first record will be `minTxOffset`. */
  reset(minTxOffset: number): void {
    this.minTxOffset = minTxOffset;
    this.count = 0;
    this.#length = COMMIT_LAYOUT.headerBytes;
    // One huge record (a published program) must not hold its memory for ever.
    if (this.#bytes.length > 2 * FULL_BYTES) this.#bytes = new Uint8Array(INITIAL_BYTES);
  }

  /** Bytes of the records gathered. */
  get recordBytes(): number {
    return this.#length - COMMIT_LAYOUT.headerBytes;
  }

  hasRoomFor(recordBytes: number): boolean {
    if (this.count === 0) return true;
    return this.count < MAX_COMMIT_RECORDS && this.#length + recordBytes <= FULL_BYTES;
  }

  append(record: Uint8Array, start: number, end: number): void {
    const at = this.#length;
    const newLength = at + end - start;
    if (newLength + CHECKSUM_BYTES > this.#bytes.length) this.#grow(newLength + CHECKSUM_BYTES);
    if (end - start > 48) {
      this.#bytes.set(record.subarray(start, end), at);
    } else {
      // Short runs are copied by hand: `set` costs more than they do. In range: the caller's start and end.
      for (let i = start, to = at; i < end; i++, to++) this.#bytes[to] = record[i]!;
    }
    this.#length = newLength;
    this.count++;
  }

  /** Writes header and checksum; returns the whole commit, valid until `reset`. */
  seal(epoch: bigint): Uint8Array {
    const bytes = this.#bytes;
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(this.minTxOffset), true);
    view.setBigUint64(EPOCH_AT, epoch, true);
    view.setUint16(COMMIT_LAYOUT.countAt, this.count, true);
    view.setUint32(COMMIT_LAYOUT.lengthAt, this.recordBytes, true);
    view.setUint32(this.#length, crc32c(view, 0, this.#length), true);
    return bytes.subarray(0, this.#length + CHECKSUM_BYTES);
  }

  #grow(needed: number): void {
    let capacity = this.#bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
