import type { Server, ServerResponse } from 'node:http';

/** Counts the HTTP requests that are being answered, so that a stop can wait for them. */
export class OpenRequests {
  readonly #open = new Set<ServerResponse>();
  #onNone: (() => void) | undefined;

  constructor(server: Server) {
    server.on('request', (request, response) => {
      const { socket } = request;
      const end = (): void => {
        response.off('close', end);
        socket.off('close', end);
        // A client that goes away in the middle of a body ends both at once, and whoever is told of one hears of both.
        if (this.#open.delete(response) && this.#open.size === 0) this.#onNone?.();
      };
      this.#open.add(response);
      response.once('close', end);
      // The response to a request behind another has no socket yet, and hears nothing of its end.
      socket.once('close', end);
    });
  }

  /** Resolves when all are answered, at the latest after `patienceMs`. */
  async whenNone(patienceMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, patienceMs);
      this.#onNone = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }
}
