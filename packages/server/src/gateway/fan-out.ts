import { CLOSE_CODES, readOutboundBatch } from '@lightcone/engine/gateway';
import type { OutboundBatchVisitor } from '@lightcone/engine';
import { MAX_BATCH_BYTES } from '@lightcone/protocol';
import { SizeHistogram } from '../metrics/size-histogram.ts';
import type { Connection, DisconnectCause } from './connection.ts';
import { buildFrame } from './outbound-frame.ts';
import type { Frame, Packing } from './outbound-frame.ts';

/** What a database closes connections for, by code. */
const CAUSE_OF_CLOSE: ReadonlyMap<number, DisconnectCause> = new Map([
  [CLOSE_CODES.goingAway, 'module_exited'],
  [CLOSE_CODES.internalError, 'client_message_error'],
  [CLOSE_CODES.tryAgainLater, 'incoming_queue_full'],
]);

/**
 * Hands the messages of one database out to its connections.
 *
 * A batch is read once. Each connection collects references to its messages and then sends them in
 * one write: on v3 joined into frames of at most 512 KiB, on v2 and v1 one frame each. Connections that
 * get the same messages share the built frame, compressed once per algorithm.
 */
export class FanOut implements OutboundBatchVisitor {
  readonly #connections = new Map<number, Connection>();
  readonly #touched: Connection[] = [];
  /** The messages of the batch that more than one connection gets. */
  readonly #broadcasts = new Set<Uint8Array>();
  readonly #frames = new SharedFrames();
  /** Frames that were sent, once for each connection. */
  readonly sent: SizeHistogram = new SizeHistogram();

  get connectionCount(): number {
    return this.#connections.size;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.number, connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection.number);
  }

  connections(): Iterable<Connection> {
    return this.#connections.values();
  }

  deliver(batch: Uint8Array): void {
    readOutboundBatch(batch, this);
    for (const connection of this.#touched) this.#send(connection);
    this.#touched.length = 0;
    if (this.#broadcasts.size > 0) {
      this.#broadcasts.clear();
      this.#frames.clear();
    }
  }

  message(connectionNumbers: readonly number[], payload: Uint8Array): void {
    if (connectionNumbers.length > 1) this.#broadcasts.add(payload);
    for (let i = 0; i < connectionNumbers.length; i++) {
      // A connection may have ended while its messages were on the way.
      const connection = this.#connections.get(connectionNumbers[i]!); // in range
      if (connection === undefined) continue;
      if (connection.outbound.length === 0) this.#touched.push(connection);
      connection.outbound.push(payload);
    }
  }

  close(connectionNumber: number, code: number, reason: string): void {
    const connection = this.#connections.get(connectionNumber);
    if (connection === undefined) return;
    if (connection.outbound.length > 0) this.#send(connection);
    connection.close(code, reason, CAUSE_OF_CLOSE.get(code));
  }

  #send(connection: Connection): void {
    const messages = connection.outbound;
    const { packing } = connection;
    let start = 0;
    while (start < messages.length) {
      let end = start + 1;
      let length = messages[start]!.length; // start < messages.length
      if (connection.joinsMessages) {
        for (; end < messages.length; end++) {
          const longer = length + messages[end]!.length; // end < messages.length
          if (longer > MAX_BATCH_BYTES) break;
          length = longer;
        }
      }
      const isShared = this.#broadcasts.has(messages[start]!); // start < messages.length
      const those = start === 0 && end === messages.length ? messages : messages.slice(start, end);
      const frame = isShared ? this.#frames.get(those, length, packing) : buildFrame(those, length, packing);
      this.sent.observe(frame.length);
      connection.queueFrame(frame);
      start = end;
    }
    // Most often it was one; `length = 0` would give the list's memory away.
    messages.pop();
    if (messages.length > 0) messages.length = 0;
    connection.flush();
  }
}

/**
 * Remembers the frames of one batch by the messages in them, for the next connection that gets the same ones. Of use
 * only to frames that begin with a message which others get too.
 */
class SharedFrames {
  /** By first message: few frames of one batch begin with the same. */
  readonly #byFirst = new Map<Uint8Array, Entry[]>();

  get(messages: readonly Uint8Array[], length: number, packing: Packing): Frame {
    const first = messages[0]!; // no frame is empty
    let entries = this.#byFirst.get(first);
    if (entries === undefined) this.#byFirst.set(first, (entries = []));
    for (const entry of entries) {
      if (entry.packing === packing && entry.has(messages)) return entry.frame;
    }
    const frame = buildFrame(messages, length, packing);
    entries.push(new Entry(messages.slice(), packing, frame));
    return frame;
  }

  clear(): void {
    this.#byFirst.clear();
  }
}

class Entry {
  readonly messages: readonly Uint8Array[];
  readonly packing: Packing;
  readonly frame: Frame;
  constructor(messages: readonly Uint8Array[], packing: Packing, frame: Frame) {
    this.messages = messages;
    this.packing = packing;
    this.frame = frame;
  }

  has(messages: readonly Uint8Array[]): boolean {
    if (this.messages.length !== messages.length) return false;
    for (let i = 0; i < messages.length; i++) if (messages[i] !== this.messages[i]) return false;
    return true;
  }
}
