/** Whose frames are in a batch. */
export interface FrameSource {
  readonly number: number;
}

/** Set in the length of a text frame. */
const IS_TEXT = 0x8000_0000;

/**
 * Frames on their way to a database: those of one turn of the gateway's event loop, as one buffer.
 *
 *     record = connection number: u32 · length, and the top bit if it is text: u32 · the frame's bytes
 *
 * Integers are little-endian.
 */
export class FrameBatch<Source extends FrameSource> {
  /** One for each frame. */
  readonly sources: Source[] = [];
  /** Their lengths. */
  readonly lengths: number[] = [];
  readonly #frames: Uint8Array[] = [];
  readonly #areText: boolean[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** @param frame kept as it is until `toBuffer`: it must not change; under 2 GiB */
  add(source: Source, frame: Uint8Array, isText: boolean): void {
    this.sources.push(source);
    this.lengths.push(frame.length);
    this.#frames.push(frame);
    this.#areText.push(isText);
    this.#byteLength += 8 + frame.length;
  }

  /** The batch as one buffer of its own, to transfer. */
  toBuffer(): ArrayBuffer {
    // Slow: not a piece of the pool, which could not be transferred.
    const bytes = Buffer.allocUnsafeSlow(this.#byteLength);
    let at = 0;
    for (let i = 0; i < this.sources.length; i++) {
      const frame = this.#frames[i]!; // as many as sources
      bytes.writeUInt32LE(this.sources[i]!.number, at); // in range
      bytes.writeUInt32LE(this.#areText[i] ? frame.length + IS_TEXT : frame.length, at + 4);
      bytes.set(frame, at + 8);
      at += 8 + frame.length;
    }
    return bytes.buffer;
  }
}

/** Calls `visit` for each frame of a batch, in order: it is `bytes[start..end]`, and those are the batch's own. */
export function readFrameBatch(
  batch: ArrayBuffer,
  visit: (connectionNumber: number, bytes: Uint8Array, start: number, end: number, isText: boolean) => void,
): void {
  const view = new DataView(batch);
  const bytes = new Uint8Array(batch);
  let at = 0;
  while (at < batch.byteLength) {
    const lengthAndKind = view.getUint32(at + 4, true);
    const isText = lengthAndKind >= IS_TEXT;
    const length = isText ? lengthAndKind - IS_TEXT : lengthAndKind;
    const end = at + 8 + length;
    visit(view.getUint32(at, true), bytes, at + 8, end, isText);
    at = end;
  }
}
