import { ByteReader, ByteWriter, truncateUtf8 } from '@lightcone/sats';

/**
 * What one turn of a database sends, as one run of bytes that crosses to the gateway at once.
 *
 *     record  = kind: u8 · n: u32 · n × connection number: u32 · length: u32 · payload
 *     message (kind 0): one encoded ServerMessage, without the compression tag
 *     close   (kind 1): code: u16 · reason: UTF-8, at most 123 bytes
 *
 * All integers are little-endian. Records of one connection are in the order in which they must be
 * sent.
 */
const MESSAGE = 0;
const CLOSE = 1;

/** RFC 6455 §5.5: a control frame holds 125 bytes, two of which are the code. */
const MAX_CLOSE_REASON_BYTES = 123;

const INITIAL_BYTES = 64 * 1024;
/** A writer that has grown beyond this is not kept for the next batch. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** Of a batch beyond this it is known how much each connection gets. */
const MAX_UNCOUNTED_BYTES = 64 * 1024 * 1024;

/** Writes a batch; reused from turn to turn. */
export class OutboundBatch {
  #writer = new ByteWriter(INITIAL_BYTES);
  #connectionNumber = -1;
  readonly #bytesByConnection = new Map<number, number>();
  #isOpen = false;
  #messageAt = 0;
  #payloadAt = 0;

  /** Another one after `take`. */
  get writer(): ByteWriter {
    return this.#writer;
  }

  get isEmpty(): boolean {
    return this.writer.length === 0;
  }

  /** Starts a message to one connection; the caller writes the payload to `writer` and calls `end`. */
  begin(connectionNumber: number): void {
    this.#begin(MESSAGE, connectionNumber);
  }

  /** Starts one message to many connections. */
  beginBroadcast(connectionNumbers: readonly number[]): void {
    const writer = this.writer;
    this.#messageAt = writer.length;
    this.#isOpen = true;
    this.#connectionNumber = -1;
    writer.u8(MESSAGE);
    writer.u32(connectionNumbers.length);
    for (const number of connectionNumbers) writer.u32(number);
    this.#payloadAt = writer.reserve(4);
  }

  /** Ends the message that `begin` started. */
  end(): void {
    this.writer.setU32(this.#payloadAt, this.writer.length - this.#payloadAt - 4);
    this.#isOpen = false;
    if (this.writer.length > MAX_UNCOUNTED_BYTES && this.#connectionNumber >= 0) {
      const before = this.bytesFor(this.#connectionNumber);
      this.#bytesByConnection.set(this.#connectionNumber, before + this.writer.length - this.#messageAt);
    }
  }

  /** What the messages to a connection alone take that were written since the batch became large. */
  bytesFor(connectionNumber: number): number {
    return this.#bytesByConnection.get(connectionNumber) ?? 0;
  }

  /** Takes back the message that `begin` started, if it has not ended. */
  cancel(): void {
    if (this.#isOpen) this.writer.truncate(this.#messageAt);
    this.#isOpen = false;
  }

  /** Ends a connection. The reason is cut to what a close frame can hold. */
  close(connectionNumber: number, code: number, reason: string): void {
    this.#begin(CLOSE, connectionNumber);
    this.writer.u16(code);
    this.writer.raw(truncateUtf8(reason, MAX_CLOSE_REASON_BYTES));
    this.end();
  }

  /** The batch, in memory that nothing else is in; the writer starts over. */
  take(): Uint8Array {
    const isLarge = this.#writer.bytes.length > MAX_KEPT_BYTES;
    // What is not kept is given away as it is, unless most of it is empty.
    const isGiven = isLarge && 2 * this.#writer.length >= this.#writer.bytes.length;
    const bytes = isGiven ? this.#writer.written() : this.#writer.finish();
    if (isLarge) this.#writer = new ByteWriter(INITIAL_BYTES);
    else this.#writer.reset();
    if (this.#bytesByConnection.size > 0) this.#bytesByConnection.clear();
    return bytes;
  }

  #begin(kind: number, connectionNumber: number): void {
    const writer = this.writer;
    this.#messageAt = writer.length;
    this.#isOpen = true;
    this.#connectionNumber = connectionNumber;
    writer.u8(kind);
    writer.u32(1);
    writer.u32(connectionNumber);
    this.#payloadAt = writer.reserve(4);
  }
}

/** Receives the records of a batch, in order. The bytes are the batch's own, not copies. */
export interface OutboundBatchVisitor {
  message(connectionNumbers: readonly number[], payload: Uint8Array): void;
  close(connectionNumber: number, code: number, reason: string): void;
}

/** Walks a batch that `OutboundBatch` wrote. `connectionNumbers` is reused from record to record. */
export function readOutboundBatch(batch: Uint8Array, visitor: OutboundBatchVisitor): void {
  const reader = new ByteReader(batch);
  const numbers: number[] = [];
  while (reader.remaining > 0) {
    const kind = reader.u8();
    numbers.length = reader.u32();
    for (let i = 0; i < numbers.length; i++) numbers[i] = reader.u32();
    const payload = reader.lengthPrefixed();
    if (kind === MESSAGE) visitor.message(numbers, payload);
    else visitor.close(numbers[0]!, payload[0]! | (payload[1]! << 8), decoder.decode(payload.subarray(2)));
  }
}

const decoder = new TextDecoder();
