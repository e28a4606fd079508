import type { PendingSchedule } from './pending-schedule.ts';

/**
 * What is waiting, the earliest first: a binary heap whose entries know their places, so that any of
 * them is moved or taken out in O(log n) and nothing stale stays behind.
 *
 * What is due at the same time goes by table and id: the order does not depend on how it came about.
 */
export class DueQueue {
  readonly #heap: PendingSchedule[] = [];
  /** Comparisons made so far: what tests of its cost count. */
  comparisons = 0;

  get length(): number {
    return this.#heap.length;
  }

  first(): PendingSchedule | undefined {
    return this.#heap[0];
  }

  /** Puts an entry in that is not there. */
  add(entry: PendingSchedule): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  remove(entry: PendingSchedule): void {
    const { position } = entry;
    entry.position = -1;
    const last = this.#heap.pop()!; // the entry is in it
    if (last === entry) return;
    this.#rise(last, position);
    this.#sink(last, last.position);
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Changes the times of any number of entries. */
  changeAll(change: (entry: PendingSchedule) => void): void {
    for (const entry of this.#heap) change(entry);
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(this.#heap[i]!, i);
  }

  #rise(entry: PendingSchedule, from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]!; // above an entry there is one
      if (!this.#isBefore(entry, parent)) break;
      heap[at] = parent;
      parent.position = at;
      at = (at - 1) >> 1;
    }
    heap[at] = entry;
    entry.position = at;
  }

  #sink(entry: PendingSchedule, from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      const least = heap[child]!; // below the length
      if (!this.#isBefore(least, entry)) break;
      heap[at] = least;
      least.position = at;
      at = child;
    }
    heap[at] = entry;
    entry.position = at;
  }

  #isBefore(a: PendingSchedule, b: PendingSchedule): boolean {
    this.comparisons++;
    if (a.dueMicros !== b.dueMicros) return a.dueMicros < b.dueMicros;
    if (a.tableId !== b.tableId) return a.tableId < b.tableId;
    return a.id < b.id;
  }
}
