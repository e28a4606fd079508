import type { MessagePort } from 'node:worker_threads';
import { formatLogRecord, isForCallers } from '@lightcone/engine';
import type { DatabaseLogRecord } from '@lightcone/engine';
import { STARTED } from './messages.ts';
import type { FromDatabase } from './messages.ts';

/** Lines cross in pieces of about this many characters, as no string and no message may grow without end. */
const PIECE_LENGTH = 1024 * 1024;

/** The database's end of the line to the gateway. */
export class ThreadPort {
  readonly #port: MessagePort;
  #logLines = '';

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @param batch given away, with the memory that it is in */
  deliver(batch: Uint8Array): void {
    // The engine allocates its batches itself, never shared.
    const buffer = batch.buffer as ArrayBuffer;
    this.#port.postMessage(batch.byteLength === buffer.byteLength ? buffer : batch, [buffer]);
  }

  /** Lines of one turn cross together, many of them in pieces. */
  log(record: DatabaseLogRecord): void {
    if (this.#logLines === '') queueMicrotask(() => this.#flushLog());
    this.#logLines += `${formatLogRecord(record)}\n`;
    if (this.#logLines.length >= PIECE_LENGTH) this.#flushLog();
  }

  answer(id: number, answer: unknown): void {
    this.#flushLog();
    this.#post({ tag: 'answer', id, answer });
  }

  /** Answers with an error of the kinds that callers may see. Others are mistakes of ours and end the thread. */
  fail(id: number, error: unknown): void {
    if (!isForCallers(error)) throw error;
    this.#flushLog();
    this.#post({ tag: 'failure', id, code: error.code, message: error.message });
  }

  /** The database did not open: tells so, and leaves the thread nothing to do. */
  failStart(error: unknown): undefined {
    this.fail(STARTED, error);
    this.close();
    return undefined;
  }

  close(): void {
    this.#port.close();
  }

  #flushLog(): void {
    if (this.#logLines === '') return;
    this.#post({ tag: 'log', lines: this.#logLines });
    this.#logLines = '';
  }

  #post(message: Exclude<FromDatabase, ArrayBuffer>): void {
    this.#port.postMessage(message);
  }
}
