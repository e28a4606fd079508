import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Counts the HTTP requests that are being answered, so that a stop can wait for them. */
export class OpenRequests {
  #count = 0;
  #onNone: (() => void) | undefined;

  constructor(server: Server) {
    const openBySocket = new WeakMap<Socket, Set<ServerResponse>>();
    server.on('request', ({ socket }, response) => {
      let open = openBySocket.get(socket);
      if (open === undefined) {
        open = this.#endingWith(socket);
        openBySocket.set(socket, open);
      }
      const ofSocket = open.add(response);
      this.#count++;
      // A client that goes away in the middle of a body ends both at once, and whoever is told of one hears of both.
      response.once('close', () => ofSocket.delete(response) && this.#end(1));
    });
  }

  /**
   * Requests that end with their socket: the response to one behind another has no socket yet, and hears nothing of its
   * end. One listener for all of them, as a client may send very many.
   */
  #endingWith(socket: Socket): Set<ServerResponse> {
    const open = new Set<ServerResponse>();
    socket.once('close', () => {
      this.#end(open.size);
      open.clear();
    });
    return open;
  }

  #end(count: number): void {
    this.#count -= count;
    if (this.#count === 0) this.#onNone?.();
  }

  /** Resolves when all are answered, at the latest after `patienceMs`. */
  async whenNone(patienceMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, patienceMs);
      this.#onNone = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }
}
