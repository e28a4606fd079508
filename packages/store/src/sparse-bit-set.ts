import { grown } from './grown.ts';

/**
 * A growing set of row pointers that mostly has few, one bit each: what the open transaction did to rows of a table.
 *
 * Blocks of 4096 pointers have words only while one of them is in the set; all others share one block of zeros. So the
 * bits that a small transaction needs are in a cache, however large its table is.
 */
export class SparseBitSet {
  /** By block, where its words are, divided by BLOCK_WORDS. */
  #slots: Int32Array = new Int32Array(8);
  #words: Int32Array = new Int32Array(4 * BLOCK_WORDS);
  /** The blocks that have words: the first has those behind the zeros, and so on. */
  readonly #blocks: number[] = [];

  get byteSize(): number {
    return this.#slots.byteLength + this.#words.byteLength;
  }

  /** Makes room for pointers below `capacity`. */
  reserve(capacity: number): void {
    this.#slots = grown(this.#slots, Math.ceil(capacity / (BLOCK_WORDS * 32)));
  }

  has(pointer: number): boolean {
    return (this.word(pointer >>> 5) & (1 << (pointer & 31))) !== 0;
  }

  add(pointer: number): void {
    const block = pointer >>> (WORD_BITS + 5);
    const slot = this.#slots[block]! || this.#giveWords(block);
    this.#words[slot * BLOCK_WORDS + ((pointer >>> 5) & WORD_MASK)]! |= 1 << (pointer & 31);
  }

  delete(pointer: number): void {
    const slot = this.#slots[pointer >>> (WORD_BITS + 5)]!; // the zeros stay what they are
    this.#words[slot * BLOCK_WORDS + ((pointer >>> 5) & WORD_MASK)]! &= ~(1 << (pointer & 31));
  }

  /** The least pointer at or after `from`, or -1. */
  next(from: number): number {
    const end = this.#slots.length * BLOCK_WORDS;
    let mask = -1 << (from & 31);
    for (let at = from >>> 5; at < end; at++) {
      const word = this.word(at) & mask;
      if (word !== 0) return at * 32 + 31 - Math.clz32(word & -word);
      if (this.#slots[at >>> WORD_BITS] === 0) at |= WORD_MASK; // goes on with the next block
      mask = -1;
    }
    return -1;
  }

  /** The bits of 32 pointers, the first of which is `at * 32`. */
  word(at: number): number {
    return this.#words[this.#slots[at >>> WORD_BITS]! * BLOCK_WORDS + (at & WORD_MASK)]!;
  }

  /** Empties the set. */
  clear(): void {
    const blocks = this.#blocks;
    if (blocks.length === 0) return;
    this.#words.fill(0, BLOCK_WORDS, (blocks.length + 1) * BLOCK_WORDS);
    while (blocks.length > 0) this.#slots[blocks.pop()!] = 0;
  }

  #giveWords(block: number): number {
    const slot = this.#blocks.push(block);
    this.#words = grown(this.#words, (slot + 1) * BLOCK_WORDS);
    this.#slots[block] = slot;
    return slot;
  }
}

const WORD_BITS = 7;
const BLOCK_WORDS = 1 << WORD_BITS;
const WORD_MASK = BLOCK_WORDS - 1;
