import { ByteWriter, hashBytes } from '@lightcone/sats';
import type { RowVisitor } from '../row-source.ts';

/** One huge transaction should not hold its memory for ever. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Byte strings, each with a count that may be negative. */
export class ByteBag {
  #bytes = new ByteWriter(1024);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #counts: number[] = [];
  /** For each entry the next one with an equal hash, or -1. */
  readonly #next: number[] = [];
  readonly #firstByHash = new Map<number, number>();

  /** How many different byte strings were added. */
  get size(): number {
    return this.#starts.length;
  }

  /** Forgets everything. Memory is kept for the next use, unless it is much. */
  clear(): void {
    if (this.#bytes.bytes.length > MAX_KEPT_BYTES) this.#bytes = new ByteWriter(1024);
    else this.#bytes.reset();
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#counts.length = 0;
    this.#next.length = 0;
    this.#firstByHash.clear();
  }

  /** Adds `bytes[start..end]`, copied, `count` times. @returns the count before */
  add(bytes: Uint8Array, start: number, end: number, count: number): number {
    const hash = hashBytes(bytes, start, end);
    const first = this.#firstByHash.get(hash) ?? -1;
    for (let entry = first; entry >= 0; entry = this.#next[entry]!) {
      if (!this.#equals(entry, bytes, start, end)) continue;
      const before = this.#counts[entry]!; // chains hold entries that were added
      this.#counts[entry] = before + count;
      return before;
    }
    this.#firstByHash.set(hash, this.#starts.length);
    this.#next.push(first);
    this.#starts.push(this.#bytes.length);
    this.#bytes.slice(bytes, start, end);
    this.#ends.push(this.#bytes.length);
    this.#counts.push(count);
    return 0;
  }

  /** Calls back for every byte string whose count is not 0. They are valid until the bag is changed. */
  forEach(visit: (bytes: Uint8Array, start: number, end: number, count: number) => void): void {
    for (let entry = 0; entry < this.#starts.length; entry++) {
      const count = this.#counts[entry]!; // the lists are as long
      if (count !== 0) visit(this.#bytes.bytes, this.#starts[entry]!, this.#ends[entry]!, count);
    }
  }

  /** Visits every byte string as often as it counts; with sign -1 those that count less than zero. */
  visit(sign: 1 | -1, visitor: RowVisitor): void {
    for (let entry = 0; entry < this.#starts.length; entry++) {
      const count = this.#counts[entry]! * sign; // the lists are as long
      for (let i = 0; i < count; i++) visitor.row(this.#bytes.bytes, this.#starts[entry]!, this.#ends[entry]!);
    }
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[entry]!; // chains hold entries that were added
    const length = this.#ends[entry]! - from;
    if (length !== end - start) return false;
    const own = this.#bytes.bytes;
    for (let i = 0; i < length; i++) if (own[from + i] !== bytes[start + i]) return false;
    return true;
  }
}
