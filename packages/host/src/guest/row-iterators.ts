import { GuestTrap } from './guest-trap.ts';
import { RowBuffer } from './row-buffer.ts';

// Together they bound what a guest that never closes its scans can hold.
const MAX_OPEN = 4096;
const MAX_OPEN_BYTES = 2 ** 31;

/**
 * The scans that the guest has open: a slab whose freed numbers are given out again, last freed first, together
 * with their buffers.
 */
export class RowIterators {
  readonly #slots: RowBuffer[] = [];
  readonly #isOpen: boolean[] = [];
  readonly #free: number[] = [];
  #openCount = 0;
  #openBytes = 0;

  open(): RowBuffer {
    const slot = this.#free.pop() ?? this.#addSlot();
    this.#isOpen[slot] = true;
    this.#openCount++;
    return this.#slots[slot]!; // `slot` is in range: from the free list or just added
  }

  /** Counts what a scan has put into its buffer. */
  filled(rows: RowBuffer): void {
    this.#openBytes += rows.length;
    if (this.#openBytes > MAX_OPEN_BYTES) throw new GuestTrap(`open row iterators hold over ${MAX_OPEN_BYTES} bytes`);
  }

  find(handle: number): RowBuffer | undefined {
    return this.#isOpen[handle - 1] === true ? this.#slots[handle - 1] : undefined;
  }

  close(rows: RowBuffer): void {
    const slot = rows.handle - 1;
    this.#openBytes -= rows.length;
    rows.reset();
    this.#isOpen[slot] = false;
    this.#openCount--;
    this.#free.push(slot);
  }

  closeAll(): void {
    if (this.#openCount === 0) return;
    for (const rows of this.#slots) if (this.#isOpen[rows.handle - 1] === true) this.close(rows);
    this.#openBytes = 0;
  }

  #addSlot(): number {
    const slot = this.#slots.length;
    if (slot === MAX_OPEN) throw new GuestTrap(`more than ${MAX_OPEN} row iterators are open`);
    this.#slots.push(new RowBuffer(slot + 1));
    this.#isOpen.push(false);
    return slot;
  }
}
