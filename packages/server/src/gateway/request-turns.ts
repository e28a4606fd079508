import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** With so many that wait behind one that is being answered, nothing more is read from a connection. */
const MAX_WAITING = 16;
/** Requests that are begun in each turn. With one, 64 connections are answered a fifth less, and nobody is sooner. */
const BEGUN_PER_TURN = 2;

/** What a connection asks for, but for what is being answered. */
interface Line {
  readonly waiting: { readonly request: IncomingMessage; readonly response: ServerResponse }[];
  isHeld: boolean;
}

/**
 * Whose request is begun: of two connections in each turn of the event loop, by rotation, and of each connection one at a
 * time, as RFC 9112 §9.3.2 has it for requests that change something.
 *
 * Node hands on all requests that one read of a socket has, and those of all sockets that have something, before it looks
 * at anything else. To begin one takes some fifty microseconds, and its answer, which comes among all the others, as much.
 */
export class RequestTurns {
  readonly #handle: RequestListener;
  readonly #defer: (run: () => void) => void;
  readonly #lines = new Map<Socket, Line>();
  /** Connections of which nothing is being answered and something waits, in the order of their turns. */
  readonly #ready = new Set<Socket>();
  #isDeferred = false;

  /** @param defer runs a function in the next turn */
  constructor(handle: RequestListener, defer: (run: () => void) => void = setImmediate) {
    this.#handle = handle;
    this.#defer = defer;
  }

  /** Has a request handled when it is its turn. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const line = this.#lines.get(socket);
    if (line === undefined) {
      this.#lines.set(socket, { waiting: [{ request, response }], isHeld: false });
      this.#beReady(socket);
      return;
    }
    line.waiting.push({ request, response });
    if (line.isHeld || line.waiting.length < MAX_WAITING) return;
    line.isHeld = true;
    // Node resumes a socket at the end of each request of which it has read all: it is held when those are taken apart.
    process.nextTick(() => {
      if (line.isHeld) socket.pause();
    });
  }

  #beReady(socket: Socket): void {
    this.#ready.add(socket);
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#defer(this.#next);
  }

  readonly #next = (): void => {
    for (let begun = 0; begun < BEGUN_PER_TURN; begun++) {
      const [socket] = this.#ready;
      if (socket === undefined) break;
      this.#ready.delete(socket);
      this.#begin(socket);
    }
    this.#isDeferred = this.#ready.size > 0;
    if (this.#isDeferred) this.#defer(this.#next);
  };

  #begin(socket: Socket): void {
    const line = this.#lines.get(socket);
    const next = line?.waiting.shift();
    if (line === undefined || next === undefined || socket.destroyed) {
      this.#lines.delete(socket);
      return;
    }
    // What is left of the body of the last one comes only now.
    if (line.isHeld && line.waiting.length === 0) {
      line.isHeld = false;
      socket.resume();
    }
    next.response.once('close', () => {
      if (line.waiting.length === 0) this.#lines.delete(socket);
      else this.#beReady(socket);
    });
    this.#handle(next.request, next.response);
  }
}
