import { once } from 'node:events';
import { readServerMessage, type ServerMessage, type Subprotocol } from '@lightcone/protocol';
import { ByteReader } from '@lightcone/sats';
import { WebSocket } from 'ws';
import { Inbox } from './inbox.ts';
import type { ServerProcess } from './server-process.ts';

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket connection to a database that sends whatever bytes it is given. */
export class RawConnection implements Disposable {
  /** How the connection ended, when it has. */
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  readonly #messages = new Inbox<ServerMessage>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => {}); // 'close' follows and tells
    socket.on('message', (data: Buffer) => {
      // The first byte names the compression, which was declined.
      const reader = new ByteReader(data.subarray(1));
      while (reader.remaining > 0) this.#messages.put(readServerMessage(reader));
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#messages.end(`the connection was closed: ${code} ${reason.toString()}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  static async open(
    server: ServerProcess,
    database: string,
    subprotocol: Subprotocol,
    token?: string,
  ): Promise<RawConnection> {
    const query = new URLSearchParams({ compression: 'None', ...(token === undefined ? {} : { token }) });
    const socket = new WebSocket(`${server.webSocketUrl}/v1/database/${database}/subscribe?${query}`, subprotocol);
    // Messages may come with the last bytes of the handshake, so they are listened to from the start.
    const connection = new RawConnection(socket);
    await once(socket, 'open');
    return connection;
  }

  send(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  /** The next message of one kind; others before it are dropped. */
  async next<Tag extends ServerMessage['tag']>(tag: Tag): Promise<Extract<ServerMessage, { tag: Tag }>> {
    for (;;) {
      const message = await this.#messages.take();
      if (message.tag === tag) return message as Extract<ServerMessage, { tag: Tag }>;
    }
  }

  /** The next message but the first, whatever it is; nothing when the connection ends before. */
  async nextAnswer(): Promise<ServerMessage | undefined> {
    try {
      for (;;) {
        const message = await this.#messages.take();
        if (message.tag !== 'InitialConnection') return message;
      }
    } catch {
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}
