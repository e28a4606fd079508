import type { FileHandle } from 'node:fs/promises';
import type { LogCursor, LogPiece, LogPosition } from './log-store.ts';

const PIECE_BYTES = 64 * 1024;

/** The files that a cursor goes through. */
export interface DayFiles {
  open(day: string): Promise<FileHandle>;
  /** The bytes of a file that may be read. */
  readableBytes(day: string, handle: FileHandle): Promise<number>;
  /** The next day that has a file; undefined while this one may grow. */
  dayAfter(day: string): Promise<string | undefined>;
}

/** Reads the files of days one after the other, the last one again and again as it grows. */
export class FileCursor implements LogCursor {
  readonly #files: DayFiles;
  #day: string;
  #offset: number;
  #handle: FileHandle | undefined;
  #isClosed = false;

  constructor({ part, offset }: LogPosition, files: DayFiles) {
    this.#files = files;
    this.#day = part;
    this.#offset = offset;
  }

  async next(): Promise<LogPiece | undefined> {
    for (;;) {
      // Asked first: if there is a later one, this one does not grow any more.
      const dayAfter = await this.#files.dayAfter(this.#day);
      const piece = await this.#read();
      if (piece !== undefined || dayAfter === undefined) return piece;
      await this.#closeFile();
      this.#day = dayAfter;
      this.#offset = 0;
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #read(): Promise<LogPiece | undefined> {
    const handle = (this.#handle ??= await this.#openFile());
    if (handle === undefined) return undefined;
    const left = (await this.#files.readableBytes(this.#day, handle)) - this.#offset;
    if (left <= 0 || this.#isClosed) return undefined;
    const length = Math.min(left, PIECE_BYTES);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, this.#offset);
    if (bytesRead === 0) return undefined;
    const position = { part: this.#day, offset: this.#offset };
    this.#offset += bytesRead;
    return { position, bytes: buffer.subarray(0, bytesRead) };
  }

  async #openFile(): Promise<FileHandle | undefined> {
    let handle: FileHandle;
    try {
      handle = await this.#files.open(this.#day);
    } catch (error) {
      // Nothing was logged on this day, or no more is kept of it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    if (!this.#isClosed) return handle;
    await handle.close();
    return undefined;
  }
}
