import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { FileCursor } from './file-cursor.ts';
import { hostLogLine } from './host-log-line.ts';
import { LogNotThere } from './log-store.ts';
import type { LogCursor, LogPosition, LogStart, LogStore } from './log-store.ts';

/** What may wait to be written. */
const MAX_WAITING_LENGTH = 16 * 1024 * 1024;
/** What one day's file may grow to: the disk belongs to all databases of the server. */
export const MAX_DAY_BYTES: number = 256 * 1024 * 1024;
/** Files that are kept, the newest. */
const MAX_FILES = 14;
const SEARCH_BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * A log in a file per UTC day. A file takes 256 MiB, and the newest 14 are kept.
 *
 * Nobody waits for the disk: writes take their turns in the background, and lines are dropped, with a note, when too
 * many wait. Whoever reads gets whole lines only: what a write that is under way has left so far is not looked at.
 */
export class LogFiles implements LogStore {
  readonly #folder: string;
  readonly #serverLog: Logger;
  readonly #now: () => Date;
  readonly #maxDayBytes: number;
  readonly #onGrown: () => void;
  #turn: Promise<unknown> = Promise.resolve();
  /** Lines of the write that is queued last and may still grow. */
  #waiting: string[] | undefined;
  #waitingLength = 0;
  #droppedCount = 0;
  #file: DayFile | undefined;

  /** @param onGrown called when there is more to read */
  constructor(folder: string, serverLog: Logger, now: () => Date, maxDayBytes: number, onGrown: () => void) {
    this.#folder = folder;
    this.#serverLog = serverLog;
    this.#now = now;
    this.#maxDayBytes = maxDayBytes;
    this.#onGrown = onGrown;
  }

  append(lines: string): void {
    if (this.#waitingLength > MAX_WAITING_LENGTH) {
      this.#droppedCount++;
      return;
    }
    this.#waitingLength += lines.length;
    if (this.#waiting !== undefined) {
      this.#waiting.push(lines);
      return;
    }
    const batch = (this.#waiting = [lines]);
    this.#queue(() => this.#write(batch)).catch((error: unknown) => {
      this.#serverLog.error({ err: error }, 'module log not written');
    });
  }

  open(start: LogStart): Promise<LogCursor | undefined> {
    // In its turn: what came before is written by then.
    this.#waiting = undefined;
    return this.#queue(async () => {
      const days = await listDays(this.#folder);
      const from = start.tag === 'at' ? start.position : { part: this.#today(), offset: 0 };
      if (start.tag === 'oldest') return this.#cursor({ part: days[0] ?? from.part, offset: 0 });
      if (!days.includes(from.part)) return start.tag === 'at' ? undefined : this.#cursor(from);
      const handle = await open(this.#path(from.part), 'r');
      try {
        const size = await this.#readableBytes(from.part, handle);
        if (start.tag === 'at') return (await beginsLine(handle, from.offset, size)) ? this.#cursor(from) : undefined;
        const offset = start.count === undefined ? 0 : await findNewest(handle, size, start.count);
        return this.#cursor({ part: from.part, offset });
      } finally {
        await handle.close();
      }
    });
  }

  async byteSize(): Promise<number> {
    let bytes = 0;
    // One that is removed meanwhile has none.
    for (const day of await listDays(this.#folder).catch(() => [])) {
      bytes += await stat(this.#path(day)).then(
        ({ size }) => size,
        () => 0,
      );
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  #cursor(position: LogPosition): LogCursor {
    return new FileCursor(position, {
      open: (day) => open(this.#path(day), 'r'),
      readableBytes: (day, handle) => this.#readableBytes(day, handle),
      dayAfter: async (day) => {
        if (this.#file?.day === day) return undefined;
        // Without the folder the database is gone, and there is no later day.
        const days = await listDays(this.#folder).catch((error: unknown) => {
          if (error instanceof LogNotThere) return [];
          throw error;
        });
        return days.find((other) => other > day);
      },
    });
  }

  /** The length of a file, up to a write that is under way. */
  async #readableBytes(day: string, handle: FileHandle): Promise<number> {
    return this.#file?.day === day ? this.#file.bytes : (await handle.stat()).size;
  }

  #queue<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #write(batch: string[]): Promise<void> {
    if (this.#waiting === batch) this.#waiting = undefined;
    let text = batch.join('');
    this.#waitingLength -= text.length;
    const file = await this.#openToday();
    if (file.bytes > this.#maxDayBytes) return;
    if (file.bytes + Buffer.byteLength(text) > this.#maxDayBytes) {
      text += this.#note('the log of this day is full: what else is logged before midnight (UTC) is dropped');
    }
    if (this.#droppedCount > 0) {
      const count = this.#droppedCount;
      this.#droppedCount = 0;
      text += this.#note(`${count} batches of log lines were dropped: they came faster than the disk takes them`);
    }
    try {
      await file.handle.appendFile(text);
    } catch (error) {
      // What is there of it would run into the next line.
      await file.handle.truncate(file.bytes);
      throw error;
    }
    file.bytes += Buffer.byteLength(text);
    this.#onGrown();
  }

  #note(message: string): string {
    return hostLogLine('Warn', message, this.#now());
  }

  async #openToday(): Promise<DayFile> {
    const day = this.#today();
    if (this.#file?.day === day) return this.#file;
    await this.#file?.handle.close();
    this.#file = undefined;
    await mkdir(this.#folder, { recursive: true });
    const days = (await listDays(this.#folder)).filter((other) => other !== day);
    for (const old of days.slice(0, Math.max(0, days.length - MAX_FILES + 1))) await unlink(this.#path(old));
    const handle = await open(this.#path(day), 'a+');
    let { size } = await handle.stat();
    if (!(await beginsLine(handle, size, size))) {
      // A crash has left a part of a line.
      await handle.appendFile('\n');
      size++;
    }
    this.#file = { day, handle, bytes: size };
    return this.#file;
  }

  #path(day: string): string {
    return join(this.#folder, `${day}.log`);
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10);
  }
}

interface DayFile {
  readonly day: string;
  readonly handle: FileHandle;
  /** Written, and no more than that. */
  bytes: number;
}

/** The days that have files, oldest first. @throws LogNotThere */
export async function listDays(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new LogNotThere(`the folder of the log is missing: ${folder}`, { cause });
  }
  const files = names.filter((name) => /^\d{4}-\d\d-\d\d\.log$/u.test(name));
  return files.map((name) => name.slice(0, 10)).toSorted();
}

async function beginsLine(file: FileHandle, offset: number, size: number): Promise<boolean> {
  if (offset === 0 || offset > size) return offset === 0;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset - 1);
  return buffer[0] === NEWLINE;
}

/** Where the last `count` lines of a file start, searched from its end. */
async function findNewest(file: FileHandle, size: number, count: number): Promise<number> {
  if (count === 0) return size;
  const block = Buffer.alloc(SEARCH_BLOCK_BYTES);
  let found = 0;
  for (let end = size; end > 0; end -= SEARCH_BLOCK_BYTES) {
    const start = Math.max(0, end - SEARCH_BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      // The newline at the very end closes the last line; each one before ends the line before.
      if (block[i] === NEWLINE && start + i + 1 < size && ++found === count) return start + i + 1;
    }
  }
  return 0;
}
