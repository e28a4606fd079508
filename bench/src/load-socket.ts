import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** RFC 6455 §5.2: the first bytes of whole frames. */
const FINAL_BINARY = 0x82;
const FINAL_CLOSE = 0x88;
const FINAL_PING = 0x89;
const FINAL_PONG = 0x8a;
const IS_MASKED = 0x80;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const MASK_BYTES = 4;
const NORMAL_CLOSURE = Buffer.of(0x03, 0xe8);
const READ_BYTES = 256 * 1024;

/** Gets a message: it lies at `bytes[start..end]` until the call returns. */
export type OnMessage = (bytes: Buffer, start: number, end: number) => void;

/**
 * A WebSocket for binary messages that takes as little of the processor as it can: who drives a load shares the cores
 * with the server that is measured, and through `ws` a call costs 2 µs more there, as much as the gateway's own code. It
 * trusts its server and is no example for a client: it masks with zeros, and takes no message in fragments.
 */
export class LoadSocket {
  onMessage: OnMessage = () => undefined;
  /** The connection is gone. */
  onEnd: (reason: string) => void = () => undefined;
  readonly #socket: Socket;
  #isOpen = false;
  /** The beginning of a frame, or of the answer to the handshake, whose end has not come. */
  #rest: Buffer | undefined;

  private constructor(address: string, subprotocol: string) {
    const { host, hostname, port, pathname, search } = new URL(address);
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, bytes: Uint8Array) => this.#read((bytes as Buffer).subarray(0, count)),
    };
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    this.#socket.on('error', (error) => this.onEnd(error.message));
    this.#socket.on('close', () => this.onEnd('the connection ended'));
    this.#socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
    );
  }

  /** Connects, and resolves with the first message. @throws Error if the server refuses */
  static open(address: string, subprotocol: string): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const socket = new LoadSocket(address, subprotocol);
      socket.onMessage = () => resolve(socket);
      socket.onEnd = (reason) => reject(new Error(reason));
    });
  }

  /** Sends a copy of the payload as one message. */
  send(payload: Uint8Array): void {
    this.#write(FINAL_BINARY, payload);
  }

  close(): void {
    this.#write(FINAL_CLOSE, NORMAL_CLOSURE);
  }

  #write(first: number, payload: Uint8Array): void {
    const { length } = payload;
    const lengthBytes = length < LENGTH_IN_16_BITS ? 0 : length < 0x1_0000 ? 2 : 8;
    const start = 2 + lengthBytes + MASK_BYTES;
    const frame = Buffer.allocUnsafe(start + length);
    frame[0] = first;
    frame[1] = IS_MASKED | (lengthBytes === 0 ? length : lengthBytes === 2 ? LENGTH_IN_16_BITS : LENGTH_IN_64_BITS);
    if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
    else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
    frame.fill(0, start - MASK_BYTES, start);
    frame.set(payload, start);
    this.#socket.write(frame);
  }

  /** @returns true, for more */
  #read(chunk: Buffer): boolean {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = this.#isOpen ? 0 : this.#readHandshake(bytes);
    while (this.#isOpen && at < bytes.length) {
      const start = payloadStart(bytes, at);
      const end = start + payloadLength(bytes, at, start);
      if (end > bytes.length) break;
      this.#take(bytes, at, start, end);
      at = end;
    }
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at));
    return true;
  }

  /** @returns where frames begin; 0 while it has not come as a whole */
  #readHandshake(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const head = bytes.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 101 ')) this.onEnd(`the server refused: ${head}`);
    this.#isOpen = true;
    return end + 4;
  }

  #take(bytes: Buffer, at: number, start: number, end: number): void {
    const first = bytes[at];
    if (first === FINAL_BINARY) this.onMessage(bytes, start, end);
    else if (first === FINAL_PING) this.#write(FINAL_PONG, bytes.subarray(start, end));
    else if (first === FINAL_CLOSE) this.onEnd(`the server closed: ${bytes.toString('latin1', start + 2, end)}`);
    else if (first !== FINAL_PONG) this.onEnd(`a frame that is not for load sockets: ${first}`);
  }
}

/** Where the payload of a server's frame begins. */
function payloadStart(bytes: Buffer, at: number): number {
  const length = bytes[at + 1];
  return at + 2 + (length === LENGTH_IN_16_BITS ? 2 : length === LENGTH_IN_64_BITS ? 8 : 0);
}

/** Infinite while the header has not come as a whole. */
function payloadLength(bytes: Buffer, at: number, start: number): number {
  if (start > bytes.length) return Number.POSITIVE_INFINITY;
  const length = bytes[at + 1]!; // start is behind it
  if (length === LENGTH_IN_16_BITS) return bytes.readUInt16BE(at + 2);
  return length === LENGTH_IN_64_BITS ? Number(bytes.readBigUInt64BE(at + 2)) : length;
}
