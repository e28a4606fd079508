import type { Server } from 'node:http';

/** Counts the HTTP requests that are being answered, so that a stop can wait for them. */
export class OpenRequests {
  #count = 0;
  #onNone: (() => void) | undefined;

  constructor(server: Server) {
    server.on('request', (request, response) => {
      const { socket } = request;
      const end = (): void => {
        response.off('close', end);
        socket.off('close', end);
        this.#count--;
        if (this.#count === 0) this.#onNone?.();
      };
      this.#count++;
      response.once('close', end);
      // The response to a request behind another has no socket yet, and hears nothing of its end.
      socket.once('close', end);
    });
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
