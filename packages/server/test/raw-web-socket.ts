import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** RFC 6455 §5.2 */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

export interface FrameForm {
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
  /** The three bits that extensions may use. */
  readonly reservedBits?: number;
}

/** How a connection ended: with a close frame of the server, or `dropped` without one. */
export type Ending = { readonly code: number; readonly reason: string } | 'dropped';

/**
 * A WebSocket by hand, which does nothing by itself: it answers no ping and no close, and sends what real clients never
 * do. Frames are those of RFC 6455 §5.2.
 */
export class RawWebSocket implements Disposable {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined); // the server may cut it off
  }

  /** @throws Error when the server does not switch protocols */
  static async connect(port: number, database: string, protocol: string, query = ''): Promise<RawWebSocket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawWebSocket(socket);
    socket.write(
      `GET /v1/database/${database}/subscribe?${query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    let end: number;
    while ((end = client.#bytes.indexOf('\r\n\r\n')) < 0) {
      if (!(await client.#read())) throw new Error('the server closed the connection');
    }
    const head = client.#bytes.subarray(0, end).toString();
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head);
    client.#bytes = client.#bytes.subarray(end + 4);
    return client;
  }

  send(opcode: number, payload: Uint8Array | string, form: FrameForm = {}): void {
    const { isFinal = true, isMasked = true, reservedBits = 0 } = form;
    const body = Buffer.from(payload as string);
    const length = Buffer.alloc(body.length < 126 ? 1 : body.length < 65_536 ? 3 : 9);
    if (body.length < 126) length[0] = body.length;
    else if (body.length < 65_536) {
      length[0] = 126;
      length.writeUInt16BE(body.length, 1);
    } else {
      length[0] = 127;
      length.writeBigUInt64BE(BigInt(body.length), 1);
    }
    if (isMasked) length[0]! |= 0x80; // it has a first byte
    const first = (isFinal ? 0x80 : 0) | (reservedBits << 4) | opcode;
    // The mask of all zeros leaves the payload as it is.
    this.socket.write(Buffer.concat([Buffer.of(first), length, Buffer.alloc(isMasked ? 4 : 0), body]));
  }

  /** The next frame; undefined at the end of the connection. */
  async next(): Promise<RawFrame | undefined> {
    for (;;) {
      const frame = this.#take();
      if (frame !== undefined) return frame;
      if (!(await this.#read())) return undefined;
    }
  }

  /** The next frame of a kind; those before it are left out. */
  async nextOf(opcode: number): Promise<RawFrame> {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) throw new Error(`the connection ended before a frame of kind ${opcode}`);
      if (frame.opcode === opcode) return frame;
    }
  }

  /** Reads to the end, past all data. */
  async ending(): Promise<Ending> {
    let ending: Ending = 'dropped';
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) return ending;
      if (frame.opcode === OPCODE.close) {
        const code = frame.payload.length === 0 ? 1005 : frame.payload.readUInt16BE(0);
        ending = { code, reason: frame.payload.subarray(2).toString() };
      }
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(): RawFrame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]!; // there are two bytes
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headLength) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < headLength + length) return undefined;
    this.#bytes = bytes.subarray(headLength + length);
    const payload = bytes.subarray(headLength, headLength + length);
    return { opcode: bytes[0]! & 15, isFinal: bytes[0]! >= 128, payload };
  }

  /** @returns false at the end of the connection */
  async #read(): Promise<boolean> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#bytes = Buffer.concat([this.#bytes, chunk]);
        return true;
      }
      if (this.socket.readableEnded || this.socket.destroyed) return false;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          for (const event of ['readable', 'end', 'close']) this.socket.off(event, wake);
          resolve();
        };
        for (const event of ['readable', 'end', 'close']) this.socket.on(event, wake);
      });
    }
  }
}
