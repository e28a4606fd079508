import type { LogCursor, LogPiece, LogStart, LogStore } from './log-store.ts';

const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Lines are kept in chunks of this many bytes or more: reads and removals go through the list of them. */
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The newest 16 MiB of a log, in memory. */
export class LogMemory implements LogStore {
  readonly #part: string;
  readonly #onGrown: () => void;
  /** Whole lines each. */
  readonly #chunks: Uint8Array[] = [];
  /** Offsets of where the first chunk begins and the last one ends. */
  #start = 0;
  #end = 0;

  /** @param onGrown called when there is more to read */
  constructor(now: () => Date, onGrown: () => void) {
    this.#part = `m${now().getTime()}`;
    this.#onGrown = onGrown;
  }

  append(lines: string): void {
    const bytes = Buffer.from(lines);
    const last = this.#chunks.at(-1);
    // A reader may hold the old one, so that it is not added to in its place.
    if (last === undefined || last.length >= CHUNK_BYTES) this.#chunks.push(bytes);
    else this.#chunks[this.#chunks.length - 1] = Buffer.concat([last, bytes]);
    this.#end += bytes.length;
    while (this.#end - this.#start > MAX_KEPT_BYTES) this.#start += this.#chunks.shift()?.length ?? 0;
    this.#onGrown();
  }

  open(start: LogStart): Promise<LogCursor | undefined> {
    const offset = this.#offsetOf(start);
    return Promise.resolve(offset === undefined ? undefined : new MemoryCursor(offset, (from) => this.#read(from)));
  }

  byteSize(): Promise<number> {
    return Promise.resolve(this.#end - this.#start);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #offsetOf(start: LogStart): number | undefined {
    if (start.tag === 'oldest') return this.#start;
    if (start.tag === 'newest') return start.count === undefined ? this.#start : this.#findNewest(start.count);
    const { part, offset } = start.position;
    if (part !== this.#part || offset < this.#start || offset > this.#end) return undefined;
    const before = this.#read(offset - 1)?.bytes[0];
    return offset === this.#start || before === NEWLINE ? offset : undefined;
  }

  #findNewest(count: number): number {
    let end = this.#end;
    if (count === 0) return end;
    let found = 0;
    for (let i = this.#chunks.length - 1; i >= 0; i--) {
      const chunk = this.#chunks[i]!; // in range
      const start = end - chunk.length;
      for (let at = chunk.length - 1; at >= 0; at--) {
        // The very last newline ends the last line; each one before it ends the line before.
        if (chunk[at] === NEWLINE && start + at + 1 < this.#end && ++found === count) return start + at + 1;
      }
      end = start;
    }
    return this.#start;
  }

  /** The rest of the chunk that an offset is in. What is not kept any more is passed over. */
  #read(offset: number): LogPiece | undefined {
    let start = this.#start;
    const from = Math.max(offset, start);
    for (const chunk of this.#chunks) {
      if (from < start + chunk.length) {
        return { position: { part: this.#part, offset: from }, bytes: chunk.subarray(from - start) };
      }
      start += chunk.length;
    }
    return undefined;
  }
}

class MemoryCursor implements LogCursor {
  #offset: number;
  readonly #read: (offset: number) => LogPiece | undefined;

  constructor(offset: number, read: (offset: number) => LogPiece | undefined) {
    this.#offset = offset;
    this.#read = read;
  }

  next(): Promise<LogPiece | undefined> {
    const piece = this.#read(this.#offset);
    if (piece !== undefined) this.#offset = piece.position.offset + piece.bytes.length;
    return Promise.resolve(piece);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
