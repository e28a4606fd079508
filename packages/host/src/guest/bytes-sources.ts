import { GuestTrap } from './guest-trap.ts';

const NOTHING = new Uint8Array(0);

/** Bytes that the guest reads piece by piece. */
export class BytesSource {
  bytes: Uint8Array = NOTHING;
  start = 0;
  at = 0;
  end = 0;
  isOpen = false;
}

const KEPT = 8;
// Together they bound what a guest that never reads its sources can hold.
const MAX_OPEN = 4096;
const MAX_OPEN_BYTES = 2 ** 28;

/**
 * The sources of one call, numbered from 1: arguments, claims, responses.
 *
 * A few at a time, so their objects are reused. A procedure may see any number of them, so the list is a window that
 * moves on past those that have been read; no number is given out twice.
 */
export class BytesSources {
  /** The source of the handle `#gone + i + 1` at `i`; beyond `#count`, objects that wait for use. */
  #window: BytesSource[] = [];
  #count = 0;
  #gone = 0;
  #openBytes = 0;

  /** Of the sources that have not been read to their end. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** Answers the new source's handle. The bytes must not change until the call ends. */
  add(bytes: Uint8Array, start: number, end: number): number {
    if (this.#count === MAX_OPEN) this.#moveOn();
    this.#openBytes += end - start;
    if (this.#openBytes > MAX_OPEN_BYTES) throw new GuestTrap(`unread bytes sources hold over ${MAX_OPEN_BYTES} bytes`);
    const source = this.#window[this.#count] ?? this.#addObject();
    source.bytes = bytes;
    source.start = start;
    source.at = start;
    source.end = end;
    source.isOpen = true;
    return this.#gone + ++this.#count;
  }

  find(handle: number): BytesSource | undefined {
    const index = handle - this.#gone - 1;
    if (index >= this.#count) return undefined;
    const source = this.#window[index];
    return source?.isOpen === true ? source : undefined;
  }

  close(source: BytesSource): void {
    source.isOpen = false;
    // What it points to may be large; without this it would live as long as the object.
    source.bytes = NOTHING;
    this.#openBytes -= source.end - source.start;
  }

  closeAll(): void {
    for (let i = 0; i < this.#count; i++) {
      const source = this.#window[i]!; // i < count <= length
      if (source.isOpen) this.close(source);
    }
    if (this.#window.length > KEPT) this.#window.length = KEPT;
    this.#count = 0;
    this.#gone = 0;
  }

  #addObject(): BytesSource {
    const source = new BytesSource();
    this.#window.push(source);
    return source;
  }

  /** Makes place in a full window. */
  #moveOn(): void {
    const first = this.#window.findIndex(({ isOpen }) => isOpen);
    if (first === 0) throw new GuestTrap(`${MAX_OPEN} bytes sources were made after one that was not read to its end`);
    const closed = first < 0 ? MAX_OPEN : first;
    this.#window = [...this.#window.slice(closed), ...this.#window.slice(0, closed)];
    this.#gone += closed;
    this.#count -= closed;
  }
}
