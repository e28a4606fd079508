import { grown } from './grown.ts';
import type { SparseBitSet } from './sparse-bit-set.ts';

/** A growing set of row pointers, one bit each. */
export class BitSet {
  #words: Int32Array = new Int32Array(8);

  get byteSize(): number {
    return this.#words.byteLength;
  }

  /** Makes room for pointers below `capacity`. */
  reserve(capacity: number): void {
    this.#words = grown(this.#words, (capacity + 31) >>> 5);
  }

  has(pointer: number): boolean {
    return (this.#words[pointer >>> 5]! & (1 << (pointer & 31))) !== 0;
  }

  add(pointer: number): void {
    this.#words[pointer >>> 5]! |= 1 << (pointer & 31);
  }

  delete(pointer: number): void {
    this.#words[pointer >>> 5]! &= ~(1 << (pointer & 31));
  }

  /** The least pointer at or after `from` that is in this set and not in `except`; -1 if there is none. */
  next(from: number, except: SparseBitSet): number {
    const words = this.#words;
    let at = from >>> 5;
    let mask = -1 << (from & 31);
    for (; at < words.length; at++) {
      let word = words[at]! & mask;
      if (word !== 0) word &= ~except.word(at);
      if (word !== 0) return at * 32 + 31 - Math.clz32(word & -word);
      mask = -1;
    }
    return -1;
  }

  /** The least pointer at or after `from`, and below `limit`, that is not in this set or is in `except`; else `limit`. */
  gap(from: number, limit: number, except: SparseBitSet): number {
    const words = this.#words;
    let mask = -1 << (from & 31);
    for (let at = from >>> 5; at * 32 < limit; at++) {
      const word = (~words[at]! | except.word(at)) & mask;
      if (word !== 0) return Math.min(at * 32 + 31 - Math.clz32(word & -word), limit);
      mask = -1;
    }
    return limit;
  }

  /** The least pointer at or after `from` and below `limit`, or -1. */
  nextBelow(from: number, limit: number): number {
    const words = this.#words;
    let mask = -1 << (from & 31);
    for (let at = from >>> 5; at * 32 < limit; at++) {
      const word = words[at]! & mask;
      if (word !== 0) {
        const pointer = at * 32 + 31 - Math.clz32(word & -word);
        return pointer < limit ? pointer : -1;
      }
      mask = -1;
    }
    return -1;
  }
}
