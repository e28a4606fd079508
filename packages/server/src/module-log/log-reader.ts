import { Readable } from 'node:stream';
import type { LogCursor, LogPiece } from './log-store.ts';

/** A log as its readers know it: how often it has grown, and whether it grows no more. */
export interface GrowingLog {
  readonly version: number;
  readonly isClosed: boolean;
  /** Calls back once, at the next change of either. @returns what forgets it */
  onChange(callback: () => void): () => void;
}

/** What becomes of a log's bytes on the way to a reader. */
export interface LogFormat {
  encode(piece: LogPiece): Uint8Array;
  /** Sent while there is nothing else to send for a while. */
  readonly keepAlive: { readonly text: string; readonly everyMs: number } | undefined;
}

/**
 * A log as a stream, as fast as it is read. One that follows ends when the log is closed: it has every line then, however
 * slow its reader, as long as the lines are kept.
 */
export class LogReader extends Readable {
  readonly #log: GrowingLog;
  readonly #cursor: LogCursor;
  readonly #isFollowing: boolean;
  readonly #format: LogFormat;
  #forget: (() => void) | undefined;
  /** From a call of `_read` to the push that it leads to: what is pushed to keep the stream alive is no answer to it. */
  #isReading = false;

  constructor(log: GrowingLog, cursor: LogCursor, isFollowing: boolean, format: LogFormat) {
    super();
    this.#log = log;
    this.#cursor = cursor;
    this.#isFollowing = isFollowing;
    this.#format = format;
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readOn().catch((error: Error) => this.destroy(error));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#forget?.();
    this.#cursor.close().then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }

  /** Pushes what comes next, waiting for it if necessary. */
  async #readOn(): Promise<void> {
    while (!this.destroyed) {
      const { version, isClosed } = this.#log;
      const piece = await this.#cursor.next();
      if (this.destroyed) return;
      if (piece !== undefined) {
        this.#isReading = false;
        this.push(this.#format.encode(piece));
        return;
      }
      if (isClosed || !this.#isFollowing) {
        this.push(null);
        return;
      }
      if (this.#log.version === version && !this.#log.isClosed) await this.#change();
    }
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { keepAlive } = this.#format;
    const timer = keepAlive && setInterval(() => this.push(keepAlive.text), keepAlive.everyMs).unref();
    const forget = this.#log.onChange(resolve);
    this.#forget = () => {
      forget();
      resolve();
    };
    await promise;
    clearInterval(timer);
  }
}
