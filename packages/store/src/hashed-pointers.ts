/**
 * Row pointers by 32-bit hash: open addressing with linear probing, hash and pointer side by side.
 *
 * It knows no rows. Who looks something up walks the pointers that share its hash and compares the
 * rows itself:
 *
 *     for (let slot = table.first(hash); slot >= 0; slot = table.next(slot)) … table.at(slot) …
 */
export class HashedPointers {
  /** Pairs of hash and pointer; pointer -1 means empty. */
  #slots: Int32Array = emptySlots(MIN_CAPACITY);
  #capacity = MIN_CAPACITY;
  /** The upper bits of a multiplied hash choose the slot, so that weak low bits do no harm. */
  #shift = 32 - Math.log2(MIN_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get byteSize(): number {
    return this.#slots.byteLength;
  }

  /** The first slot that holds `hash`, or -1. Slots are valid until the next change. */
  first(hash: number): number {
    return this.#probe(hash | 0, this.#home(hash | 0));
  }

  /** The next slot with the same hash, or -1. */
  next(slot: number): number {
    return this.#probe(this.#slots[slot * 2]!, (slot + 1) & (this.#capacity - 1));
  }

  at(slot: number): number {
    return this.#slots[slot * 2 + 1]!;
  }

  /** Replaces the pointer in a slot. */
  setAt(slot: number, pointer: number): void {
    this.#slots[slot * 2 + 1] = pointer;
  }

  add(hash: number, pointer: number): void {
    if (this.#size * 3 >= this.#capacity * 2) this.#resize(this.#capacity * 2);
    this.#place(hash | 0, pointer);
    this.#size++;
  }

  /** The slot that holds exactly this pair, or -1. */
  find(hash: number, pointer: number): number {
    let slot = this.first(hash);
    while (slot >= 0 && this.#slots[slot * 2 + 1] !== pointer) slot = this.next(slot);
    return slot;
  }

  /** Empties a slot and moves later ones up, so that no search stops early. */
  removeAt(slot: number): void {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    let hole = slot;
    for (let at = (hole + 1) & mask; slots[at * 2 + 1] !== -1; at = (at + 1) & mask) {
      const home = this.#home(slots[at * 2]!);
      // An entry may move to the hole if its home is not between the hole and itself.
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        slots[hole * 2] = slots[at * 2]!;
        slots[hole * 2 + 1] = slots[at * 2 + 1]!;
        hole = at;
      }
    }
    slots[hole * 2 + 1] = -1;
    this.#size--;
    if (this.#capacity > MIN_CAPACITY && this.#size * 8 < this.#capacity) this.#resize(this.#capacity / 2);
  }

  /** Empties it, and makes room for so many pointers. */
  clear(expectedSize: number = 0): void {
    let capacity = MIN_CAPACITY;
    while (expectedSize * 3 >= capacity * 2) capacity *= 2;
    this.#slots = emptySlots(capacity);
    this.#capacity = capacity;
    this.#shift = 32 - Math.log2(capacity);
    this.#size = 0;
  }

  #home(hash: number): number {
    return Math.imul(hash, 0x9e37_79b1) >>> this.#shift;
  }

  #probe(hash: number, from: number): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    for (let at = from; slots[at * 2 + 1] !== -1; at = (at + 1) & mask) if (slots[at * 2] === hash) return at;
    return -1;
  }

  #place(hash: number, pointer: number): void {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    let at = this.#home(hash);
    while (slots[at * 2 + 1] !== -1) at = (at + 1) & mask;
    slots[at * 2] = hash;
    slots[at * 2 + 1] = pointer;
  }

  #resize(capacity: number): void {
    const old = this.#slots;
    this.#slots = emptySlots(capacity);
    this.#capacity = capacity;
    this.#shift = 32 - Math.log2(capacity);
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== -1) this.#place(old[at]!, old[at + 1]!);
  }
}

const MIN_CAPACITY = 16;

function emptySlots(capacity: number): Int32Array {
  return new Int32Array(capacity * 2).fill(-1);
}
