import { ByteWriter } from '@lightcone/sats';
import type { GuestMemory } from './guest-memory.ts';
import { GuestTrap } from './guest-trap.ts';

// A chunk ends with the row that brings it over this size, so that the guest's 64 KiB buffer mostly fits one.
const CHUNK_BYTES = 32_768;
/** The most that all open scans of an instance hold together. */
export const MAX_OPEN_BYTES: number = 2 ** 30;
// A buffer that one large scan blew up is given back to the collector, not kept for the next small one.
const KEPT_BYTES = 1 << 20;
const INITIAL_BYTES = 4096;

/**
 * The rows of one scan: filled by `HostCalls`, then read by the guest in whole chunks.
 *
 * Owned by the row iterators, which reuse it: whoever fills it must not keep it.
 */
export class RowBuffer {
  /** The guest's number for the scan that is using this buffer. */
  readonly handle: number;
  /** How many bytes of rows it takes: what the other scans have left. */
  maxBytes: number = MAX_OPEN_BYTES;
  #writer = new ByteWriter(INITIAL_BYTES);
  readonly #chunkEnds: number[] = [];
  #lastChunkEnd = 0;
  #rowCount = 0;
  #nextChunk = 0;
  #read = 0;

  constructor(handle: number) {
    this.handle = handle;
  }

  get length(): number {
    return this.#writer.length;
  }
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Makes room for `count` bytes of rows at once, as far as it would take them. */
  makeRoom(count: number): void {
    this.#writer.makeRoom(Math.min(count, this.maxBytes - this.#writer.length));
  }

  /** Appends the row `bytes[start..end]`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const writer = this.#writer;
    if (writer.length + (end - start) > this.maxBytes) {
      throw new GuestTrap(`open row iterators hold more than ${MAX_OPEN_BYTES} bytes`);
    }
    writer.slice(bytes, start, end);
    this.#rowCount++;
    const length = writer.length;
    if (length - this.#lastChunkEnd > CHUNK_BYTES) {
      this.#chunkEnds.push(length);
      this.#lastChunkEnd = length;
    }
  }

  /** Appends `count` rows of one size that lie side by side in `bytes[start..end]`. */
  appendRun(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (count === 1) {
      this.append(bytes, start, end);
      return;
    }
    const rowBytes = (end - start) / count;
    for (let at = start; at < end;) {
      const missing = CHUNK_BYTES - (this.#writer.length - this.#lastChunkEnd);
      const next = Math.min(end, at + (Math.floor(missing / rowBytes) + 1) * rowBytes);
      this.append(bytes, at, next);
      this.#rowCount += (next - at) / rowBytes - 1;
      at = next;
    }
  }

  /** Whether every row has been read. */
  get isDrained(): boolean {
    return this.#read === this.#writer.length;
  }

  /** The size of the chunk that the guest gets next; 0 when there is none. */
  get nextChunkBytes(): number {
    return this.#chunkEnd() - this.#read;
  }

  /** Moves as many whole chunks as fit `capacity` to `pointer`, which has been checked; answers how many bytes. */
  moveChunks(memory: GuestMemory, pointer: number, capacity: number): number {
    const start = this.#read;
    let end = start;
    while (this.#read < this.#writer.length) {
      const chunkEnd = this.#chunkEnd();
      if (chunkEnd - start > capacity) break;
      end = this.#read = chunkEnd;
      this.#nextChunk++;
    }
    if (end > start) memory.write(pointer, this.#writer.bytes, start, end);
    return end - start;
  }

  reset(): void {
    if (this.#writer.bytes.length > KEPT_BYTES) this.#writer = new ByteWriter(INITIAL_BYTES);
    this.#writer.reset();
    if (this.#lastChunkEnd > 0) this.#chunkEnds.length = 0; // setting a length costs, also when nothing changes
    this.#lastChunkEnd = 0;
    this.#rowCount = 0;
    this.#nextChunk = 0;
    this.#read = 0;
  }

  #chunkEnd(): number {
    return this.#chunkEnds[this.#nextChunk] ?? this.#writer.length;
  }
}
