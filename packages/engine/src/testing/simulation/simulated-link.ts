import type { Delay } from './delay.ts';

/** What a client at the other end of the network does. */
export interface LinkEnd {
  /** @param isText whether it came as a text frame */
  message(payload: Uint8Array): void;
  /** Nothing comes after this, and nothing that is sent arrives. */
  closed(code: number, reason: string): void;
}

/**
 * One connection over a network that takes its time: messages of one direction arrive in order, and between
 * connections in any. What is under way when an end dies may be lost.
 */
export class SimulatedLink {
  readonly number: number;
  readonly #end: LinkEnd;
  readonly #toServer: Delay;
  readonly #toClient: Delay;
  #isClosed = false;

  constructor(number: number, end: LinkEnd, toServer: Delay, toClient: Delay) {
    this.number = number;
    this.#end = end;
    this.#toServer = toServer;
    this.#toClient = toClient;
  }

  /** Whether its client may still send. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Lets `arrive` happen at the server, after what was sent before. */
  toServer(arrive: () => void): void {
    this.#toServer.after(arrive);
  }

  /** Brings a message to the client. */
  deliver(payload: Uint8Array): void {
    this.#toClient.after(() => {
      if (!this.#isClosed) this.#end.message(payload);
    });
  }

  /** The server ends it: what it sent before still arrives. */
  close(code: number, reason: string): void {
    this.#toClient.after(() => this.drop(code, reason));
  }

  /** It ends at once at the client's side, whatever was under way. */
  drop(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end.closed(code, reason);
  }
}
