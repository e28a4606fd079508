import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import { InboundFrame } from './connection/inbound-frame.ts';
import { Heap, type InHeap } from './heap.ts';
import type { Turns } from './turns.ts';

/** For how long a client is heard before it is looked who is next: some twenty calls, or one step that takes longer. */
const SHARE_MS = 0.1;

/** A frame that waits, or what is to be done when those before it are dealt with. */
interface Waiting {
  readonly frame: InboundFrame | undefined;
  readonly onDone: () => void;
}

/** What waits of one client. */
class Backlog implements InHeap {
  readonly client: Client;
  readonly waiting: Waiting[] = [];
  /** How much time its client has had, in ms: whoever has had the least is heard next. */
  served: number;
  /** Among those who had as much, whoever came first is first. */
  arrival: number;
  /** In the line; -1 while it is heard. */
  position = -1;
  /** Whether none of it has been heard. */
  isNew = true;

  constructor(client: Client, served: number, arrival: number) {
    this.client = client;
    this.served = served;
    this.arrival = arrival;
  }
}

function isHeardBefore(a: Backlog, b: Backlog): boolean {
  return a.served === b.served ? a.arrival < b.arrival : a.served < b.served;
}

/**
 * What clients ask for, in an order that is fair to all of them: start-time fair queueing (Goyal, Vin, Cheng, 1996).
 *
 * While there is time in the turn, what arrives is done at once. What is left then waits, and in the turns that follow
 * whoever has had the least time is heard first, a little at a time. Somebody who comes counts as having had as much as
 * whoever is being heard, and not less than what it did have: so who asks for little is heard next, however many others
 * have much waiting, and nobody saves up time by being quiet. When nothing waits any more, all is forgotten.
 *
 *     served (ms)   10.0   10.0   10.1   10.2
 *                    A      B      C      D      A is heard for 0.1 ms; E, which comes meanwhile, starts at 10.0
 *                    B      E      A      C      D
 *
 * The messages of one client are done in their order.
 */
export class Inbox {
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #defer: (run: () => void) => void;
  readonly #takeStep: (client: Client, frame: InboundFrame) => void;
  readonly #backlogs = new Map<Client, Backlog>();
  /** The same, in the order in which they are heard, but for the one that is being heard. */
  readonly #line = new Heap(isHeardBefore);
  /** How much those have had who were heard since the line was last empty, and now have nothing waiting. */
  readonly #served = new Map<Client, number>();
  /** How much whoever is being heard had had before. */
  #servedNow = 0;
  #arrivals = 0;

  /** @param takeStep does a step of what a frame asks for, and throws nothing that the client is at fault for */
  constructor(
    turns: Turns,
    clock: Clock,
    defer: (run: () => void) => void,
    takeStep: (client: Client, frame: InboundFrame) => void,
  ) {
    this.#turns = turns;
    this.#clock = clock;
    this.#defer = defer;
    this.#takeStep = takeStep;
  }

  /**
   * Does what a frame, `bytes[start..end]`, asks for, now or later. A turn must be open.
   * @param bytes copied if they have to wait
   * @param onDone called when the frame is dealt with, or nobody wants it any more
   */
  receive(client: Client, bytes: Uint8Array, start: number, end: number, isText: boolean, onDone: () => void): void {
    const frame = new InboundFrame(bytes, start, end, isText);
    if (this.#backlogs.size === 0) {
      while (this.#turns.hasTime && isWanted(client, frame)) {
        this.#takeStep(client, frame);
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
    return this.#backlogs.has(client);
  }

  /** Calls a function when everything that waits of a client is done. */
  after(client: Client, onDone: () => void): void {
    this.#wait(client, { frame: undefined, onDone });
  }

  /** Forgets what waits of a client. */
  drop(client: Client): void {
    this.#served.delete(client);
    const backlog = this.#backlogs.get(client);
    if (backlog === undefined) return;
    this.#backlogs.delete(client);
    if (backlog.position >= 0) this.#line.remove(backlog);
    for (const { onDone } of backlog.waiting.splice(0)) onDone();
  }

  /** Does everything that waits, however long it takes. */
  finish(): void {
    for (let next = this.#line.takeFirst(); next !== undefined; next = this.#line.takeFirst()) {
      this.#hear(next, Number.POSITIVE_INFINITY);
      this.#backlogs.delete(next.client);
    }
  }

  #wait(client: Client, waiting: Waiting): void {
    let backlog = this.#backlogs.get(client);
    if (backlog === undefined) {
      if (this.#backlogs.size === 0) this.#goOnSoon();
      const served = Math.max(this.#served.get(client) ?? 0, this.#servedNow);
      backlog = new Backlog(client, served, this.#arrivals++);
      this.#backlogs.set(client, backlog);
      this.#line.add(backlog);
    }
    backlog.waiting.push(waiting);
  }

  #goOnSoon(): void {
    this.#defer(() => this.#goOn());
  }

  /** A turn for what waits. */
  #goOn(): void {
    if (this.#turns.refusal !== undefined) {
      for (const client of this.#backlogs.keys()) this.drop(client);
      return;
    }
    this.#turns.begin();
    for (let next = this.#line.takeFirst(); next !== undefined; next = this.#line.takeFirst()) {
      const { isNew } = next;
      this.#hearNext(next);
      if (!this.#turns.look()) break;
      // Who asked for little has its answer before those are heard who ask for much.
      if (isNew && next.waiting.length === 0 && this.#line.first()?.isNew === false) break;
    }
    if (this.#backlogs.size > 0) {
      this.#goOnSoon();
      return;
    }
    this.#served.clear();
    this.#servedNow = 0;
  }

  #hearNext(backlog: Backlog): void {
    const { client, waiting } = backlog;
    this.#servedNow = backlog.served;
    const start = this.#clock.monotonicMs();
    // Who is new is heard for one step: of many who come at once, none waits for the shares of those who ask for much.
    this.#hear(backlog, backlog.isNew ? start : start + SHARE_MS);
    backlog.isNew = false;
    backlog.served += this.#clock.monotonicMs() - start;
    if (waiting.length > 0) {
      backlog.arrival = this.#arrivals++;
      this.#line.add(backlog);
      return;
    }
    this.#backlogs.delete(client);
    if (!client.isGone) this.#served.set(client, backlog.served);
  }

  /** Does what waits of a client, and takes it from the list, until a time: one step at least. */
  #hear({ client, waiting }: Backlog, endMs: number): void {
    for (let first = waiting[0], isOver = false; first !== undefined && !isOver; first = waiting[0]) {
      const { frame, onDone } = first;
      while (!isOver && frame !== undefined && isWanted(client, frame)) {
        this.#takeStep(client, frame);
        isOver = this.#clock.monotonicMs() >= endMs;
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
