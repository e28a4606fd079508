import { GuestTrap } from './guest-trap.ts';

const NOTHING = new Uint8Array(0);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });
// Keeps a guest from turning all of its memory into host strings; no name of a working module comes near it.
const MAX_TEXT_BYTES = 1 << 20;
// Below this many bytes a loop beats `set`, which first needs a view object.
const SHORT_COPY = 48;

/**
 * The linear memory of one instance, with every access checked.
 *
 * When the guest grows its memory the old buffer is detached and `bytes.length` becomes 0, so every bounds check
 * fails once and takes the slow path, which makes new views: nothing needs to be asked on the fast path.
 * Pointers are unsigned numbers: callers convert with `>>> 0`.
 */
export class GuestMemory {
  bytes: Uint8Array = NOTHING;
  #view = new DataView(NOTHING.buffer);
  #memory: WebAssembly.Memory | undefined;

  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#refresh();
  }

  /** What it has now: it only grows. */
  get byteLength(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** Traps unless `pointer..pointer + length` is inside the memory and does not start at 0. */
  check(pointer: number, length: number): void {
    if (pointer === 0) throw new GuestTrap('null pointer passed to a spacetime function');
    if (pointer + length > this.bytes.length) this.#checkAgain(pointer, length);
  }

  /** Whether `check` would pass. */
  contains(pointer: number, length: number): boolean {
    if (pointer + length > this.bytes.length) this.#refresh();
    return pointer !== 0 && pointer + length <= this.bytes.length;
  }

  readU32(pointer: number): number {
    this.check(pointer, 4);
    return this.#view.getUint32(pointer, true);
  }
  writeU32(pointer: number, value: number): void {
    this.check(pointer, 4);
    this.#view.setUint32(pointer, value, true);
  }
  /** Writes a count as eight bytes. */
  writeU64(pointer: number, value: number): void {
    this.check(pointer, 8);
    this.#view.setUint32(pointer, value >>> 0, true);
    this.#view.setUint32(pointer + 4, Math.floor(value / 4294967296), true);
  }

  writeI64(pointer: number, value: bigint): void {
    this.check(pointer, 8);
    this.#view.setBigInt64(pointer, value, true);
  }

  /** Copies `source[start..end]` to `pointer`, which must have been checked. */
  write(pointer: number, source: Uint8Array, start: number, end: number): void {
    const target = this.bytes;
    if (end - start > SHORT_COPY) {
      target.set(source.subarray(start, end), pointer);
      return;
    }
    for (let from = start, to = pointer; from < end; from++, to++) target[to] = source[from]!; // from < end
  }

  /** Reads UTF-8 and traps when it is none. */
  readText(pointer: number, length: number): string {
    this.check(pointer, length);
    if (length > MAX_TEXT_BYTES) {
      throw new GuestTrap(`a text of ${length} bytes passed to a spacetime function; the most is ${MAX_TEXT_BYTES}`);
    }
    try {
      return utf8.decode(this.bytes.subarray(pointer, pointer + length));
    } catch (cause) {
      throw new GuestTrap('invalid utf8 passed to a spacetime function', { cause });
    }
  }

  /** Reads UTF-8 with U+FFFD for what is none. The range must have been checked. */
  readLossyText(pointer: number, length: number): string {
    return lossyUtf8.decode(this.bytes.subarray(pointer, pointer + length));
  }

  #checkAgain(pointer: number, length: number): void {
    this.#refresh();
    if (pointer + length > this.bytes.length) {
      throw new GuestTrap('out of bounds pointer passed to a spacetime function');
    }
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer;
    if (buffer === undefined || buffer === this.bytes.buffer) return;
    this.bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
