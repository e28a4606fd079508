import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';

/** What a database in memory keeps, and what may wait to be written. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** What one day's file may grow to: the disk belongs to all databases of the server. */
const MAX_DAY_BYTES = 256 * 1024 * 1024;
/** Files that are kept, the newest. */
const MAX_FILES = 14;
/** What may wait for one reader that follows; a slower one misses lines. */
const MAX_FOLLOWER_BYTES = 1024 * 1024;
const SEARCH_BLOCK_BYTES = 64 * 1024;

/**
 * What one database's module writes with `log`: lines of JSON, in a file per UTC day, or in memory
 * (the newest 16 MiB) when the database has no folder. A file takes 256 MiB, and the newest 14 are kept.
 *
 * Nobody waits for the disk: writes and reads of the file take their turns in the background, and
 * lines are dropped, with a note, when too many wait. As a read takes its turn between the lines
 * written before it and those after, who follows misses none and sees none twice.
 */
export class ModuleLog {
  readonly #folder: string | undefined;
  readonly #serverLog: Logger;
  readonly #now: () => Date;
  readonly #maxDayBytes: number;
  readonly #followers = new Set<Follower>();
  #turn: Promise<unknown> = Promise.resolve();
  /** Lines of the write that is queued last and may still grow. */
  #waiting: string[] | undefined;
  #waitingLength = 0;
  #droppedCount = 0;
  #file: DayFile | undefined;
  readonly #kept: string[] = [];
  #keptLength = 0;

  /** @param folder undefined to keep lines in memory */
  constructor(
    folder: string | undefined,
    serverLog: Logger,
    now: () => Date = () => new Date(),
    maxDayBytes: number = MAX_DAY_BYTES,
  ) {
    this.#folder = folder;
    this.#serverLog = serverLog;
    this.#now = now;
    this.#maxDayBytes = maxDayBytes;
  }

  /** Adds whole lines, each ending with a newline. */
  append(lines: string): void {
    for (const follower of this.#followers) follower.add(lines);
    if (this.#folder === undefined) this.#keep(lines);
    else this.#queueWrite(lines);
  }

  /** Reads the newest `count` lines of today's file, or all of them, and then, if asked to, lines as they come. */
  read(count: number | undefined, isFollowing: boolean): Readable {
    const out = new PassThrough();
    const follower = isFollowing ? new Follower(out) : undefined;
    if (follower !== undefined) {
      this.#followers.add(follower);
      out.once('close', () => this.#followers.delete(follower));
    }
    this.#waiting = undefined;
    this.#openPast(count)
      .then((lines) => pipeline(lines, out, { end: !isFollowing }))
      .then(() => follower?.goLive())
      .catch((error: Error) => out.destroy(error));
    return out;
  }

  /** Writes what waits and ends those who follow. */
  async close(): Promise<void> {
    for (const follower of this.#followers) follower.end();
    await this.#turn;
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  #keep(lines: string): void {
    this.#kept.push(lines);
    this.#keptLength += lines.length;
    while (this.#keptLength > MAX_KEPT_BYTES) this.#keptLength -= this.#kept.shift()?.length ?? this.#keptLength;
  }

  #queueWrite(lines: string): void {
    if (this.#waitingLength > MAX_KEPT_BYTES) {
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

  #queue<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #write(batch: string[]): Promise<void> {
    if (this.#waiting === batch) this.#waiting = undefined;
    const text = batch.join('');
    this.#waitingLength -= text.length;
    const file = await this.#openToday();
    const { handle } = file;
    if (file.bytes > this.#maxDayBytes) return;
    file.bytes += Buffer.byteLength(text);
    await handle.appendFile(text);
    if (file.bytes > this.#maxDayBytes) {
      const full = 'the log of this day is full: what else is logged before midnight (UTC) is dropped';
      await handle.appendFile(hostLogLine('Warn', full, this.#now()));
    }
    if (this.#droppedCount === 0) return;
    const note = `${this.#droppedCount} batches of log lines were dropped: they came faster than the disk takes them`;
    this.#droppedCount = 0;
    await handle.appendFile(hostLogLine('Warn', note, this.#now()));
  }

  async #openToday(): Promise<DayFile> {
    const day = this.#today();
    if (this.#file?.day === day) return this.#file;
    await this.#file?.handle.close();
    this.#file = undefined;
    const folder = this.#folder ?? '';
    await mkdir(folder, { recursive: true });
    await removeOldFiles(folder);
    const handle = await open(join(folder, `${day}.log`), 'a');
    const { size } = await handle.stat();
    this.#file = { day, handle, bytes: size };
    return this.#file;
  }

  #openPast(count: number | undefined): Promise<Readable> {
    const folder = this.#folder;
    if (folder !== undefined) return this.#queue(() => this.#openFile(folder, count));
    return Promise.resolve(Readable.from([lastLines(this.#kept.join(''), count)]));
  }

  async #openFile(folder: string, count: number | undefined): Promise<Readable> {
    let file: FileHandle;
    try {
      file = await open(join(folder, `${this.#today()}.log`), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Readable.from([]);
      throw error;
    }
    const { size } = await file.stat();
    const start = count === undefined ? 0 : await findLastLines(file, size, count);
    // An end is a byte that is still read: without bytes there is no such end.
    if (start < size) return file.createReadStream({ start, end: size - 1 });
    await file.close();
    return Readable.from([]);
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10);
  }
}

interface DayFile {
  readonly day: string;
  readonly handle: FileHandle;
  bytes: number;
}

/** Makes room for one more file. */
async function removeOldFiles(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\d\.log$/u.test(name)).toSorted();
  for (const name of files.slice(0, Math.max(0, files.length - MAX_FILES + 1))) await unlink(join(folder, name));
}

/** One reader that waits for new lines. */
class Follower {
  readonly #out: PassThrough;
  /** Lines that came while the past is being read. */
  #early: string[] | undefined = [];
  #earlyLength = 0;
  #hasEnded = false;

  constructor(out: PassThrough) {
    this.#out = out;
  }

  add(lines: string): void {
    if (this.#early !== undefined) {
      // The past waits for a slow reader as well.
      if (this.#earlyLength > MAX_FOLLOWER_BYTES) return;
      this.#earlyLength += lines.length;
      this.#early.push(lines);
    } else if (this.#out.writableLength < MAX_FOLLOWER_BYTES) this.#out.write(lines);
  }

  /** The lines of before are out. */
  goLive(): void {
    for (const lines of this.#early ?? []) this.#out.write(lines);
    this.#early = undefined;
    if (this.#hasEnded) this.#out.end();
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#early === undefined) this.#out.end();
  }
}

/** A line that the server itself adds to a module's log. */
export function hostLogLine(level: 'Error' | 'Warn' | 'Info', message: string, now: Date): string {
  const host = '__spacetimedb__';
  const ts = now.getTime() * 1000;
  return `${JSON.stringify({ level, ts, target: host, filename: host, function: host, message })}\n`;
}

function lastLines(text: string, count: number | undefined): string {
  if (count === undefined) return text;
  let start = text.length;
  for (let i = 0; i < count && start > 0; i++) start = start < 2 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
  return text.slice(start);
}

/** Where the last `count` lines of a file start, searched from its end. */
async function findLastLines(file: FileHandle, size: number, count: number): Promise<number> {
  if (count === 0) return size;
  const block = Buffer.alloc(SEARCH_BLOCK_BYTES);
  let found = 0;
  for (let end = size; end > 0; end -= SEARCH_BLOCK_BYTES) {
    const start = Math.max(0, end - SEARCH_BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      // The newline at the very end closes the last line; each one before ends the line before.
      if (block[i] === 0x0a && start + i + 1 < size && ++found === count) return start + i + 1;
    }
  }
  return 0;
}
