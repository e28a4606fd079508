import { formatLogPosition } from './log-store.ts';
import type { LogPiece } from './log-store.ts';
import type { LogFormat } from './log-reader.ts';

const NEWLINE = 0x0a;
const KEEP_ALIVE_MS = 15_000;
/** Told to clients whose last event is not in the log any more. */
export const GAP_EVENT = 'event: gap\ndata: lines before this one are not kept any more\n\n';

/**
 * Lines as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the data of an event is
 * a line, its id the position behind it, from where a client that lost its connection goes on.
 */
export class LogEvents implements LogFormat {
  readonly keepAlive: LogFormat['keepAlive'];
  readonly #idPrefix: string;
  #before: string;
  #isInLine = false;

  /**
   * @param idPrefix of all ids
   * @param hasGap whether to begin by saying that lines are missing
   */
  constructor(idPrefix: string, hasGap: boolean, keepAliveMs: number = KEEP_ALIVE_MS) {
    this.#idPrefix = idPrefix;
    this.#before = hasGap ? GAP_EVENT : '';
    this.keepAlive = { text: ':\n\n', everyMs: keepAliveMs };
  }

  encode({ position: { part, offset }, bytes }: LogPiece): Uint8Array {
    const out: Uint8Array[] = [Buffer.from(this.#before)];
    this.#before = '';
    let start = 0;
    while (start < bytes.length) {
      if (!this.#isInLine) out.push(Buffer.from('data: '));
      const newline = bytes.indexOf(NEWLINE, start);
      this.#isInLine = newline === -1;
      const end = this.#isInLine ? bytes.length : newline;
      out.push(bytes.subarray(start, end));
      if (!this.#isInLine) {
        const id = this.#idPrefix + formatLogPosition({ part, offset: offset + end + 1 });
        out.push(Buffer.from(`\nid: ${id}\n\n`));
      }
      start = end + 1;
    }
    return Buffer.concat(out);
  }
}
