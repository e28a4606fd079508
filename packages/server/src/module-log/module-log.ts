import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { LogEvents } from './log-events.ts';
import { LogFiles, MAX_DAY_BYTES } from './log-files.ts';
import { LogMemory } from './log-memory.ts';
import { LogReader } from './log-reader.ts';
import type { GrowingLog, LogFormat } from './log-reader.ts';
import { parseLogPosition } from './log-store.ts';
import type { LogStart, LogStore } from './log-store.ts';

const AS_IT_IS: LogFormat = { encode: ({ bytes }) => bytes, keepAlive: undefined };

/**
 * What one database's module writes with `log`: lines of JSON, in a file per UTC day, or in memory (the newest 16 MiB)
 * when the database has no folder.
 *
 * Reads go through what is kept, as fast as their readers take it, and hold one piece of 64 KiB of it: who follows
 * the log misses no line and sees none twice.
 */
export class ModuleLog implements GrowingLog {
  readonly #store: LogStore;
  #waiting = new Set<() => void>();
  #version = 0;
  #isClosed = false;

  /** @param folder undefined to keep lines in memory */
  constructor(
    folder: string | undefined,
    serverLog: Logger,
    now: () => Date = () => new Date(),
    maxDayBytes: number = MAX_DAY_BYTES,
  ) {
    const onGrown = (): void => this.#changed();
    this.#store =
      folder === undefined ? new LogMemory(now, onGrown) : new LogFiles(folder, serverLog, now, maxDayBytes, onGrown);
  }

  get version(): number {
    return this.#version;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  onChange(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Adds whole lines, each ending with a newline. */
  append(lines: string): void {
    this.#store.append(lines);
  }

  /** What is kept of it, in bytes. */
  byteSize(): Promise<number> {
    return this.#store.byteSize();
  }

  /**
   * Reads the newest `count` lines of today, or all of them, and then, if asked to, lines as they come.
   * @throws LogNotThere
   */
  async read(count: number | undefined, isFollowing: boolean): Promise<Readable> {
    return this.#read({ tag: 'newest', count }, isFollowing, AS_IT_IS);
  }

  /**
   * As `read`, in the form of `LogEvents`.
   * @param idPrefix tells the ids of this log from those of others
   * @param lastEventId goes on behind that event, whatever `count` says; with all that is kept when it is not kept
   * @throws LogNotThere
   */
  async readEvents(
    count: number | undefined,
    isFollowing: boolean,
    idPrefix: string,
    lastEventId: string | undefined,
  ): Promise<Readable> {
    if (lastEventId === undefined) {
      return this.#read({ tag: 'newest', count }, isFollowing, new LogEvents(idPrefix, false));
    }
    const isOurs = lastEventId.startsWith(idPrefix);
    const position = isOurs ? parseLogPosition(lastEventId.slice(idPrefix.length)) : undefined;
    const cursor = position && (await this.#store.open({ tag: 'at', position }));
    if (cursor !== undefined) return new LogReader(this, cursor, isFollowing, new LogEvents(idPrefix, false));
    return this.#read({ tag: 'oldest' }, isFollowing, new LogEvents(idPrefix, true));
  }

  /** Makes all lines readable, and ends those who follow when they have them. */
  async close(): Promise<void> {
    await this.#store.close();
    this.#isClosed = true;
    this.#changed();
  }

  async #read(start: LogStart, isFollowing: boolean, format: LogFormat): Promise<Readable> {
    const cursor = await this.#store.open(start);
    if (cursor === undefined) throw new Error('a log has a beginning and an end');
    return new LogReader(this, cursor, isFollowing, format);
  }

  #changed(): void {
    this.#version++;
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    this.#waiting = new Set();
    for (const callback of waiting) callback();
  }
}
