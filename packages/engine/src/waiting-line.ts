/** Somebody who waits for a turn. */
export interface InLine {
  /** How much has been done for it, on the scale of the line: whoever has the least is next. */
  served: number;
  /** Among those who had as much, whoever came first is first. */
  arrival: number;
}

/** Those who wait, whoever has had the least first: a binary heap. */
export class WaitingLine<Entry extends InLine> {
  readonly #heap: Entry[] = [];

  get length(): number {
    return this.#heap.length;
  }

  /** Puts an entry in that is not there; what it goes by must not change from here on. */
  add(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]!; // above an entry there is one
      if (!isBefore(entry, parent)) break;
      heap[at] = parent;
      at = (at - 1) >> 1;
    }
    heap[at] = entry;
  }

  first(): Entry | undefined {
    return this.#heap[0];
  }

  /** Takes the first one out. */
  next(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++; // both below the length
      const least = heap[child]!;
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: InLine, b: InLine): boolean {
  return a.served === b.served ? a.arrival < b.arrival : a.served < b.served;
}
