/** A place in a log where a line begins, or the end of what there is. */
export interface LogPosition {
  /** What names a piece of the log: a day, or one life of a log in memory. No dots in it. */
  readonly part: string;
  /** Bytes from the part's beginning. */
  readonly offset: number;
}

/** Bytes of a log, from `position` on. They never span two parts. */
export interface LogPiece {
  readonly position: LogPosition;
  readonly bytes: Uint8Array;
}

/** Where a read begins. */
export type LogStart =
  /** With the newest `count` lines of the current part, or with its first line. */
  | { readonly tag: 'newest'; readonly count: number | undefined }
  /** With the first line that is kept. */
  | { readonly tag: 'oldest' }
  | { readonly tag: 'at'; readonly position: LogPosition };

/** Goes through a log, from a start to its end, and on when the log has grown. */
export interface LogCursor {
  /** What comes next, or undefined when all that is there has been read. */
  next(): Promise<LogPiece | undefined>;
  close(): Promise<void>;
}

/** Where the lines of a log are kept. */
export interface LogStore {
  /** Adds whole lines, now or soon. */
  append(lines: string): void;
  /**
   * Begins a read, with everything in it that was appended before.
   * @returns undefined when no line begins at the position asked for, or it is not kept any more
   * @throws LogNotThere
   */
  open(start: LogStart): Promise<LogCursor | undefined>;
  /** What is kept, in bytes. */
  byteSize(): Promise<number>;
  /** Resolves when all lines can be read. */
  close(): Promise<void>;
}

/** A log in files whose folder is missing. */
export class LogNotThere extends Error {
  override readonly name = 'LogNotThere';
}

export function formatLogPosition({ part, offset }: LogPosition): string {
  return `${part}.${offset}`;
}

export function parseLogPosition(text: string): LogPosition | undefined {
  const [, part, offset] = /^([\w-]{1,32})\.(\d{1,15})$/u.exec(text) ?? [];
  return part === undefined ? undefined : { part, offset: Number(offset) };
}
