import type { MessagePort } from 'node:worker_threads';
import { formatLogRecord } from '@lightcone/engine';
import type { DatabaseLogRecord } from '@lightcone/engine';
import { HOST_LOG_NAME, hostLogLine } from '../module-log.ts';
import { STARTED } from './messages.ts';
import type { FromDatabase } from './messages.ts';

/** Lines cross in pieces of about this many characters, as no string and no message may grow without end. */
const PIECE_LENGTH = 1024 * 1024;
/** What one turn may log, in characters: a call that does nothing else would fill the disk. */
const MAX_TURN_LENGTH = 16 * 1024 * 1024;
/** What panics and the host's own lines may take besides: they say why a call ended. */
const MAX_REASON_LENGTH = 1024 * 1024;

/** The database's end of the line to the gateway. */
export class ThreadPort {
  readonly #port: MessagePort;
  #logLines = '';
  /** Of the lines of this turn that have crossed already. */
  #crossedLength = 0;
  #droppedCount = 0;
  #isFlushQueued = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @param batch given away */
  deliver(batch: Uint8Array): void {
    const bytes = batch.byteLength === batch.buffer.byteLength ? batch : batch.slice();
    // The engine allocates its batches itself, never shared.
    const buffer = bytes.buffer as ArrayBuffer;
    this.#port.postMessage(buffer, [buffer]);
  }

  /** Lines of one turn cross together. Those beyond 16 MiB are dropped, but for why a call ended. */
  log(record: DatabaseLogRecord): void {
    if (!this.#isFlushQueued) {
      this.#isFlushQueued = true;
      queueMicrotask(() => {
        this.#isFlushQueued = false;
        this.#flushLog();
      });
    }
    const isReason = record.level === 'Panic' || record.target === HOST_LOG_NAME;
    if (this.#crossedLength >= MAX_TURN_LENGTH + (isReason ? MAX_REASON_LENGTH : 0)) {
      this.#droppedCount++;
      return;
    }
    this.#logLines += `${formatLogRecord(record)}\n`;
    if (this.#logLines.length >= PIECE_LENGTH) this.#sendLines();
  }

  answer(id: number, answer: unknown): void {
    this.#flushLog();
    this.#post({ tag: 'answer', id, answer });
  }

  /** Answers with an error of the kinds that callers may see. Others are mistakes of ours and end the thread. */
  fail(id: number, error: unknown): void {
    if (!isCoded(error)) throw error;
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

  /** The turn is over: what it logged is on its way. */
  #flushLog(): void {
    if (this.#droppedCount > 0) {
      const note = `${this.#droppedCount} log lines were dropped: one call may write about 16 MiB of them`;
      this.#logLines += hostLogLine('Warn', note, new Date());
    }
    this.#sendLines();
    this.#crossedLength = 0;
    this.#droppedCount = 0;
  }

  #sendLines(): void {
    if (this.#logLines === '') return;
    this.#post({ tag: 'log', lines: this.#logLines });
    this.#crossedLength += this.#logLines.length;
    this.#logLines = '';
  }

  #post(message: Exclude<FromDatabase, ArrayBuffer>): void {
    this.#port.postMessage(message);
  }
}

function isCoded(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
