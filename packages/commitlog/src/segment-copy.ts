import type { FileSystem, OpenFile } from './file-system.ts';
import { segmentHeader } from './segment-header.ts';

const BUFFER_BYTES = 1024 * 1024;

/** A segment of a copy of a log, written in large parts. It is whole and on disk only after `finish`. */
export class SegmentCopy {
  readonly #file: OpenFile;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  #closing: Promise<void> | undefined;

  private constructor(file: OpenFile) {
    this.#file = file;
  }

  static async begin(fs: FileSystem, path: string): Promise<SegmentCopy> {
    const copy = new SegmentCopy(await fs.open(path, 'write'));
    await copy.add(segmentHeader());
    return copy;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#written + this.#buffered;
  }

  /** Appends one commit or several. */
  async add(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#file.write(bytes, this.#written);
      this.#written += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Brings everything to the disk. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.datasync();
    await this.close();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#file.close());
  }

  async #flush(): Promise<void> {
    await this.#file.write(this.#buffer.subarray(0, this.#buffered), this.#written);
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}
