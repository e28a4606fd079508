/** What may be in a heap, in one at a time. */
export interface InHeap {
  /** Its place in the heap; -1 outside of it. */
  position: number;
}

/**
 * Entries of which the first is at hand: a binary heap whose entries know their places, so that any of them is moved or
 * taken out in O(log n) and nothing stale stays behind.
 */
export class Heap<Entry extends InHeap> {
  readonly #entries: Entry[] = [];
  readonly #isBefore: (a: Entry, b: Entry) => boolean;

  /** @param isBefore a strict order. What it goes by changes in no entry that is in the heap, but by `changeAll` */
  constructor(isBefore: (a: Entry, b: Entry) => boolean) {
    this.#isBefore = isBefore;
  }

  get length(): number {
    return this.#entries.length;
  }

  first(): Entry | undefined {
    return this.#entries[0];
  }

  /** Takes the first one out. */
  takeFirst(): Entry | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Puts an entry in that is in no heap. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Takes out an entry that is in it. */
  remove(entry: Entry): void {
    const { position } = entry;
    entry.position = -1;
    const last = this.#entries.pop()!; // the entry is in it
    if (last === entry) return;
    this.#rise(last, position);
    this.#sink(last, last.position);
  }

  /** Forgets all entries, whose places are not told to them. */
  clear(): void {
    this.#entries.length = 0;
  }

  /** Changes what the order goes by in any number of entries. */
  changeAll(change: (entry: Entry) => void): void {
    for (const entry of this.#entries) change(entry);
    for (let i = (this.#entries.length >> 1) - 1; i >= 0; i--) this.#sink(this.#entries[i]!, i);
  }

  #rise(entry: Entry, from: number): void {
    const entries = this.#entries;
    let at = from;
    while (at > 0) {
      const parent = entries[(at - 1) >> 1]!; // above an entry there is one
      if (!this.#isBefore(entry, parent)) break;
      entries[at] = parent;
      parent.position = at;
      at = (at - 1) >> 1;
    }
    entries[at] = entry;
    entry.position = at;
  }

  #sink(entry: Entry, from: number): void {
    const entries = this.#entries;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && this.#isBefore(entries[child + 1]!, entries[child]!)) child++;
      const least = entries[child]!; // below the length
      if (!this.#isBefore(least, entry)) break;
      entries[at] = least;
      least.position = at;
      at = child;
    }
    entries[at] = entry;
    entry.position = at;
  }
}
