/** A growing list of row pointers (or other 32-bit integers) that keeps its memory when cleared. */
export class PointerList {
  #items: Int32Array = new Int32Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get byteSize(): number {
    return this.#items.byteLength;
  }

  /** The pointer at `position`, which must be below `length`. */
  at(position: number): number {
    return this.#items[position]!;
  }

  set(position: number, pointer: number): void {
    this.#items[position] = pointer;
  }

  push(pointer: number): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[this.#length++] = pointer;
  }

  /** Removes the last pointer and returns it; the list must not be empty. */
  pop(): number {
    return this.#items[--this.#length]!;
  }

  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** Forgets the content. Memory is kept for the next use, unless it is large. */
  clear(): void {
    this.#length = 0;
    if (this.#items.length > MAX_KEPT_ITEMS) this.#items = new Int32Array(16);
  }

  #grow(): void {
    const grown = new Int32Array(this.#items.length * 2);
    grown.set(this.#items);
    this.#items = grown;
  }
}

/** One huge transaction should not hold its memory for ever. */
const MAX_KEPT_ITEMS = 65_536;
