import { CommitLogError } from './errors.ts';
import type { ReadableFile } from './seekable-zstd.ts';

const WINDOW_BYTES = 1024 * 1024;

/** The part of a file that is in memory while it is read from front to back. */
export class FileWindow {
  readonly path: string;
  /** The file's length when it was opened: nothing behind it is read. */
  readonly fileSize: number;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Where in the file the first byte of `bytes` is. */
  start = 0;
  readonly #file: ReadableFile;

  private constructor(path: string, file: ReadableFile, fileSize: number) {
    this.path = path;
    this.#file = file;
    this.fileSize = fileSize;
  }

  static async over(path: string, file: ReadableFile): Promise<FileWindow> {
    return new FileWindow(path, file, await file.size());
  }

  has(position: number, count: number): boolean {
    return position >= this.start && position + count <= this.start + this.bytes.length;
  }

  /** Moves the window so that it begins at `position` and holds `count` bytes or more, which the file must have. */
  async load(position: number, count: number): Promise<void> {
    const wanted = Math.min(Math.max(count, WINDOW_BYTES), this.fileSize - position);
    let bytes: Uint8Array<ArrayBuffer>;
    let found: number;
    try {
      bytes = new Uint8Array(wanted);
      found = await this.#file.read(bytes, position);
    } catch (error) {
      if (error instanceof CommitLogError) throw error;
      const message = `${this.path}, byte ${position}: the file cannot be read`;
      throw new CommitLogError('LOG_READ_FAILED', message, { cause: error });
    }
    if (found < count) {
      const message = `${this.path}, byte ${position}: expected ${count} more bytes, the file became shorter meanwhile`;
      throw new CommitLogError('LOG_READ_FAILED', message);
    }
    this.bytes = bytes.subarray(0, found);
    this.view = new DataView(bytes.buffer, 0, found);
    this.start = position;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
