import { GuestTrap } from './guest-trap.ts';
import { MAX_OPEN_BYTES, RowBuffer } from './row-buffer.ts';

// A buffer for each: with the bytes, this bounds what a guest that never closes its scans can hold.
const MAX_OPEN = 4096;
// Buffers that wait for the next call; many scans at once are rare.
const KEPT = 16;

/**
 * The scans that the guest has open: a slab whose freed numbers are given out again, last freed first, together
 * with their buffers.
 */
export class RowIterators {
  readonly #slots: RowBuffer[] = [];
  readonly #isOpen: boolean[] = [];
  #free: number[] = [];
  #openCount = 0;
  #openBytes = 0;

  open(): RowBuffer {
    const slot = this.#free.pop() ?? this.#addSlot();
    this.#isOpen[slot] = true;
    this.#openCount++;
    const rows = this.#slots[slot]!; // `slot` is in range: from the free list or just added
    rows.maxBytes = MAX_OPEN_BYTES - this.#openBytes;
    return rows;
  }

  /** Counts what a scan has put into its buffer. */
  filled(rows: RowBuffer): void {
    this.#openBytes += rows.length;
  }

  find(handle: number): RowBuffer | undefined {
    return this.#isOpen[handle - 1] === true ? this.#slots[handle - 1] : undefined;
  }

  /** Closes a scan that has been filled. */
  close(rows: RowBuffer): void {
    this.#openBytes -= rows.length;
    this.discard(rows);
  }

  /** Takes back the buffer of a scan that failed. */
  discard(rows: RowBuffer): void {
    const slot = rows.handle - 1;
    rows.reset();
    this.#isOpen[slot] = false;
    this.#openCount--;
    this.#free.push(slot);
  }

  closeAll(): void {
    this.#openBytes = 0;
    if (this.#slots.length > KEPT) this.#trim();
    if (this.#openCount === 0) return;
    for (const rows of this.#slots) if (this.#isOpen[rows.handle - 1] === true) this.discard(rows);
  }

  #addSlot(): number {
    const slot = this.#slots.length;
    if (slot === MAX_OPEN) throw new GuestTrap(`more than ${MAX_OPEN} row iterators are open`);
    this.#slots.push(new RowBuffer(slot + 1));
    this.#isOpen.push(false);
    return slot;
  }

  #trim(): void {
    this.#slots.length = KEPT;
    this.#openCount = this.#isOpen.slice(0, KEPT).filter((isOpen) => isOpen).length;
    this.#isOpen.length = KEPT;
    this.#free = this.#free.filter((slot) => slot < KEPT);
  }
}
