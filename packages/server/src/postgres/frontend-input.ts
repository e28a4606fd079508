import { PostgresError, SQL_STATE } from './postgres-error.ts';

/** As in PostgreSQL (MAX_STARTUP_PACKET_LENGTH). */
const MAX_STARTUP_BYTES = 10_000;
/** As in PostgreSQL (PG_MAX_AUTH_TOKEN_LENGTH). */
const MAX_PASSWORD_BYTES = 65_535;
/** As long as a statement over HTTP may be. */
const MAX_QUERY_BYTES = 2 * 1024 * 1024;
const FIRST_CAPACITY = 1024;
/** What a client that says nothing keeps of a buffer: many may be there, and each has sent one long statement. */
const MAX_IDLE_CAPACITY = 16 * 1024;

/** The messages of a client once it has introduced itself, by their first byte. */
const MESSAGE_KINDS = {
  p: 'password',
  Q: 'query',
  X: 'terminate',
  P: 'extended',
  B: 'extended',
  C: 'extended',
  D: 'extended',
  E: 'extended',
  H: 'extended',
  S: 'extended',
  F: 'extended',
} as const;

export interface FrontendMessage {
  readonly kind: (typeof MESSAGE_KINDS)[keyof typeof MESSAGE_KINDS];
  /** Without first byte and length; good until the next `take` or `push`. */
  readonly body: Buffer;
}

/**
 * Cuts the bytes of a client into messages: `length, body` while it introduces itself, then
 * `kind, length, body`, lengths as big-endian i32 that count themselves.
 *
 * A length is judged as soon as it is there, and nothing is allocated for bytes that have not come.
 * Format: PostgreSQL manual, "Frontend/Backend Protocol", "Message Formats".
 */
export class FrontendInput {
  #bytes: Buffer = Buffer.alloc(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  /** Copies the bytes, and makes bodies that were handed out invalid. */
  push(chunk: Uint8Array): void {
    const waiting = this.#end - this.#start;
    if (this.#end + chunk.length > this.#bytes.length) {
      const target =
        waiting + chunk.length > this.#bytes.length / 2
          ? Buffer.alloc(2 * Math.max(this.#bytes.length, waiting + chunk.length))
          : this.#bytes;
      this.#bytes.copy(target, 0, this.#start, this.#end);
      this.#bytes = target;
      this.#start = 0;
      this.#end = waiting;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The body of the next packet of a client that has not introduced itself; undefined until it is whole.
   * @throws PostgresError FATAL
   */
  takeStartup(): Buffer | undefined {
    return this.#take(0, 8, MAX_STARTUP_BYTES, 'startup packet');
  }

  /**
   * The next message; undefined until it is whole.
   * @param mayAsk whether it may be any message: of a client that has not shown who it is, nothing is kept but a password
   * @throws PostgresError FATAL
   */
  take(mayAsk: boolean): FrontendMessage | undefined {
    if (this.#start === this.#end) {
      if (this.#bytes.length > MAX_IDLE_CAPACITY) this.#bytes = Buffer.alloc(FIRST_CAPACITY);
      this.#start = this.#end = 0;
      return undefined;
    }
    const first = String.fromCharCode(this.#bytes[this.#start] ?? 0);
    if (!isKnown(first)) throw violation(`invalid frontend message type ${first.charCodeAt(0)}`);
    const kind = MESSAGE_KINDS[first];
    if (!mayAsk && kind !== 'password' && kind !== 'terminate') throw violation('expected a password message');
    const body = this.#take(1, 4, kind === 'password' ? MAX_PASSWORD_BYTES : MAX_QUERY_BYTES, 'message');
    return body && { kind, body };
  }

  #take(prefix: number, least: number, most: number, what: string): Buffer | undefined {
    const start = this.#start + prefix;
    if (this.#end - start < 4) return undefined;
    const length = this.#bytes.readInt32BE(start);
    if (length < least) throw violation(`invalid length of ${what}: ${length}`);
    if (length > most) {
      throw new PostgresError('FATAL', SQL_STATE.limitExceeded, `${what} of ${length} bytes: at most ${most} are read`);
    }
    if (this.#end - start < length) return undefined;
    this.#start = start + length;
    return this.#bytes.subarray(start + 4, this.#start);
  }
}

function isKnown(first: string): first is keyof typeof MESSAGE_KINDS {
  return Object.hasOwn(MESSAGE_KINDS, first);
}

function violation(message: string): PostgresError {
  return new PostgresError('FATAL', SQL_STATE.protocolViolation, message);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a body that is one text with a zero byte behind it. @throws PostgresError */
export function readText(body: Buffer): string {
  if (body.length === 0 || body.indexOf(0) !== body.length - 1)
    throw violation('invalid text in message: expected one zero byte, at its end');
  try {
    return utf8.decode(body.subarray(0, -1));
  } catch {
    throw new PostgresError('ERROR', SQL_STATE.notInRepertoire, 'invalid byte sequence for encoding "UTF8"');
  }
}
