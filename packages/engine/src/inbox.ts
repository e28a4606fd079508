import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import { InboundFrame } from './connection/inbound-frame.ts';
import type { Turns } from './turns.ts';

/** For how long a client is heard while others wait: some two hundred calls, or one message that takes longer. */
const SHARE_NANOS = 1_000_000n;

/** A frame that waits, or what is to be done when those before it are dealt with. */
interface Waiting {
  readonly frame: InboundFrame | undefined;
  readonly onDone: () => void;
}

/**
 * What clients ask for, in an order that is fair to all of them.
 *
 * While there is time in the turn, what arrives is done at once. What is left then waits, and in the turns that follow the
 * clients that have something waiting are heard by rotation, each for a share of time, one message at least. So nobody
 * waits for more than a turn and a share of each of the others, however much one of them asks for. The messages of one
 * client are done in their order.
 */
export class Inbox {
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #defer: (run: () => void) => void;
  readonly #take: (client: Client, frame: InboundFrame) => void;
  /** Whose turn is next comes first. */
  readonly #waiting = new Map<Client, Waiting[]>();

  /** @param take does what the next message of a frame asks for, and throws nothing that the client is at fault for */
  constructor(
    turns: Turns,
    clock: Clock,
    defer: (run: () => void) => void,
    take: (client: Client, frame: InboundFrame) => void,
  ) {
    this.#turns = turns;
    this.#clock = clock;
    this.#defer = defer;
    this.#take = take;
  }

  /**
   * Does what a frame, `bytes[start..end]`, asks for, now or later. A turn must be open.
   * @param bytes copied if they have to wait
   * @param onDone called when the frame is dealt with, or nobody wants it any more
   */
  receive(client: Client, bytes: Uint8Array, start: number, end: number, isText: boolean, onDone: () => void): void {
    const frame = new InboundFrame(bytes, start, end, isText);
    if (this.#waiting.size === 0) {
      while (this.#turns.hasTime && isWanted(client, frame)) {
        this.#next(client, frame);
        this.#turns.look();
      }
      if (!isWanted(client, frame)) {
        onDone();
        return;
      }
    }
    this.#wait(client, { frame: frame.copyRest(), onDone });
  }

  /** Whether something of a client waits. */
  has(client: Client): boolean {
    return this.#waiting.has(client);
  }

  /** Calls a function when everything that waits of a client is done. */
  after(client: Client, onDone: () => void): void {
    this.#wait(client, { frame: undefined, onDone });
  }

  /** Forgets what waits of a client. */
  drop(client: Client): void {
    const waiting = this.#waiting.get(client)?.splice(0) ?? [];
    this.#waiting.delete(client);
    for (const { onDone } of waiting) onDone();
  }

  /** Does everything that waits, however long it takes. */
  finish(): void {
    for (const [client, waiting] of this.#waiting) {
      this.#hear(client, waiting, () => true);
      this.#waiting.delete(client);
    }
  }

  #next(client: Client, frame: InboundFrame): void {
    frame.messages++;
    this.#take(client, frame);
  }

  #wait(client: Client, waiting: Waiting): void {
    if (this.#waiting.size === 0) this.#goOnSoon();
    const others = this.#waiting.get(client);
    if (others === undefined) this.#waiting.set(client, [waiting]);
    else others.push(waiting);
  }

  #goOnSoon(): void {
    this.#defer(() => this.#goOn());
  }

  /** A turn for what waits. */
  #goOn(): void {
    if (this.#turns.refusal !== undefined) {
      for (const client of this.#waiting.keys()) this.drop(client);
      return;
    }
    this.#turns.begin();
    for (const [client, waiting] of this.#waiting) {
      const end = this.#clock.monotonicNanos() + SHARE_NANOS;
      this.#hear(client, waiting, () => this.#clock.monotonicNanos() < end);
      this.#waiting.delete(client);
      // Behind all others, where this loop comes to it again.
      if (waiting.length > 0) this.#waiting.set(client, waiting);
      if (!this.#turns.look()) break;
    }
    if (this.#waiting.size > 0) this.#goOnSoon();
  }

  /** Does what waits of a client, and takes it from the list, for as long as it may go on: one message at least. */
  #hear(client: Client, waiting: Waiting[], mayGoOn: () => boolean): void {
    for (let first = waiting[0], isOver = false; first !== undefined && !isOver; first = waiting[0]) {
      const { frame, onDone } = first;
      while (!isOver && frame !== undefined && isWanted(client, frame)) {
        this.#next(client, frame);
        isOver = !mayGoOn();
      }
      if (frame !== undefined && isWanted(client, frame)) return;
      // All of it is dropped where a message ended its client.
      if (waiting[0] !== first) return;
      waiting.shift();
      onDone();
    }
  }
}

function isWanted(client: Client, frame: InboundFrame): boolean {
  return !frame.isDone && !client.isGone;
}
