import { once } from 'node:events';
import { HistoryConnection, type HistoryConnectionOptions } from '@lightcone/histories';
import { WebSocket } from 'ws';
import type { ServerProcess } from './server-process.ts';

/** A recording client of the module `histories` over a real WebSocket. */
export class HistorySocket {
  readonly connection: HistoryConnection;
  /** Resolves when it has ended. @throws what was wrong with a message that it got */
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;

  private constructor(
    socket: WebSocket,
    options: Omit<HistoryConnectionOptions, 'send'>,
    onMessage: ((client: HistorySocket) => void) | undefined,
  ) {
    this.#socket = socket;
    this.connection = HistoryConnection.of({ ...options, send: (message) => socket.send(message) });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    // Whoever waits for the end hears of it, and nobody has to.
    promise.catch(() => {});
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => resolve());
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      try {
        // The first byte of a binary message names the compression, which was declined.
        this.connection.receive(isBinary ? new Uint8Array(data.subarray(1)) : data.toString());
        onMessage?.(this);
      } catch (error) {
        reject(error as Error);
        socket.terminate();
      }
    });
  }

  /** @param onMessage called after each message */
  static async open(
    server: ServerProcess,
    database: string,
    options: Omit<HistoryConnectionOptions, 'send'>,
    onMessage?: (client: HistorySocket) => void,
  ): Promise<HistorySocket> {
    const query = new URLSearchParams({ compression: 'None', confirmed: String(options.isConfirmed) });
    const url = `${server.webSocketUrl}/v1/database/${database}/subscribe?${query}`;
    const socket = new WebSocket(url, options.protocol);
    const client = new HistorySocket(socket, options, onMessage);
    await once(socket, 'open');
    return client;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  close(): Promise<void> {
    this.#socket.terminate();
    return this.ended;
  }
}
