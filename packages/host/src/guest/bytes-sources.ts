import { GuestTrap } from './guest-trap.ts';

/** Bytes that the guest reads piece by piece. */
export class BytesSource {
  bytes: Uint8Array;
  at: number;
  end: number;
  isOpen = true;
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }
}

const NOTHING = new Uint8Array(0);
const KEPT = 8;
const MAX_OPEN = 4096;

/** The sources of one call, numbered from 1. Arguments and claims: a few, so their objects are reused. */
export class BytesSources {
  readonly #sources: BytesSource[] = [];
  #count = 0;

  /** Answers the new source's handle. The bytes must not change until the call ends. */
  add(bytes: Uint8Array, start: number, end: number): number {
    if (this.#count === MAX_OPEN) throw new GuestTrap(`more than ${MAX_OPEN} bytes sources were made in one call`);
    const reused = this.#sources[this.#count];
    if (reused === undefined) {
      this.#sources.push(new BytesSource(bytes, start, end));
    } else {
      reused.bytes = bytes;
      reused.at = start;
      reused.end = end;
      reused.isOpen = true;
    }
    return ++this.#count;
  }

  find(handle: number): BytesSource | undefined {
    if (handle > this.#count) return undefined;
    const source = this.#sources[handle - 1];
    return source?.isOpen === true ? source : undefined;
  }

  closeAll(): void {
    // What the last call pointed to may be large; without this it would live until the next call.
    for (let i = 0; i < this.#count; i++) this.#sources[i]!.bytes = NOTHING; // i < count <= length
    if (this.#sources.length > KEPT) this.#sources.length = KEPT;
    this.#count = 0;
  }
}
