import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import { InboundFrame } from './connection/inbound-frame.ts';
import { Heap, type InHeap } from './heap.ts';
import type { Turns } from './turns.ts';

/** For how long a client is heard before it is looked who is next: some twenty calls, or one step that takes longer. */
const SHARE_MS = 0.1;
/** Of so many it is remembered how much they had before it is looked whose is worth it. */
const MIN_SWEEP = 1024;

/** Who asks: a client, or by name whoever has no connection to this database. */
export type Asker = Client | string;

/** A frame that waits, or something to do in one piece when those before it are dealt with. */
interface Waiting {
  readonly frame: InboundFrame | undefined;
  readonly onDone: () => void;
}

/** What waits of one asker. */
class Backlog implements InHeap {
  readonly asker: Asker;
  readonly waiting: Waiting[] = [];
  /** How much time its asker has had, in ms: whoever has had the least is heard next. */
  served: number;
  /** Among those who had as much, whoever came first is first. */
  arrival: number;
  /** In the line; -1 while it is heard. */
  position = -1;
  /** Whether none of it has been heard. */
  isNew = true;
  /** Whether nothing was known of its asker. */
  readonly isStranger: boolean;

  constructor(asker: Asker, served: number, arrival: number, isStranger: boolean) {
    this.asker = asker;
    this.isStranger = isStranger;
    this.served = served;
    this.arrival = arrival;
  }
}

function isHeardBefore(a: Backlog, b: Backlog): boolean {
  return a.served === b.served ? a.arrival < b.arrival : a.served < b.served;
}

/**
 * What is asked for, in an order that is fair to all who ask: start-time fair queueing (Goyal, Vin, Cheng, 1996).
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
 * What one asker wants is done in its order. Clients send frames, which are done step by step; what others ask for, such as
 * a request over HTTP, is one step.
 *
 * Names cost less than connections, and somebody might have a new one for each thing that it asks for. Whoever comes new
 * would then always be heard before those who had something. So what strangers take moves the beginning of those who come
 * after them, by as much as is everybody's share in it: of as many strangers as there are others waiting, some wait too.
 */
export class Inbox {
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #defer: (run: () => void) => void;
  readonly #takeStep: (client: Client, frame: InboundFrame) => void;
  readonly #backlogs = new Map<Asker, Backlog>();
  /** The same, in the order in which they are heard, but for the one that is being heard. */
  readonly #line = new Heap(isHeardBefore);
  /** How much those have had who were heard since the line was last empty, and now have nothing waiting. */
  readonly #served = new Map<Asker, number>();
  #sweepAt = MIN_SWEEP;
  /** With how much those begin who come: as much as whoever is being heard had had before, or somewhat more. */
  #start = 0;
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

  /**
   * Calls a function, now or when it is the asker's turn, after everything that waits of it; also when the database has
   * failed meanwhile. A turn must be open.
   */
  ask(asker: Asker, work: () => void): void {
    if (this.#backlogs.size > 0 || !this.#turns.hasTime) {
      this.#wait(asker, { frame: undefined, onDone: work });
      return;
    }
    work();
    this.#turns.look();
  }

  /** Whether something of a client waits. */
  has(client: Client): boolean {
    return this.#backlogs.has(client);
  }

  /** Calls a function when everything that waits of a client is done. */
  after(client: Client, onDone: () => void): void {
    this.#wait(client, { frame: undefined, onDone });
  }

  /** Forgets what waits of an asker. */
  drop(asker: Asker): void {
    this.#served.delete(asker);
    const backlog = this.#backlogs.get(asker);
    if (backlog === undefined) return;
    this.#backlogs.delete(asker);
    if (backlog.position >= 0) this.#line.remove(backlog);
    for (const { onDone } of backlog.waiting.splice(0)) onDone();
  }

  /** Does everything that waits, however long it takes. */
  finish(): void {
    for (let next = this.#line.takeFirst(); next !== undefined; next = this.#line.takeFirst()) {
      this.#hear(next, Number.POSITIVE_INFINITY);
      this.#backlogs.delete(next.asker);
    }
  }

  #wait(asker: Asker, waiting: Waiting): void {
    let backlog = this.#backlogs.get(asker);
    if (backlog === undefined) {
      if (this.#backlogs.size === 0) this.#goOnSoon();
      const served = this.#served.get(asker);
      const start = Math.max(served ?? 0, this.#start);
      backlog = new Backlog(asker, start, this.#arrivals++, served === undefined);
      this.#backlogs.set(asker, backlog);
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
      for (const asker of this.#backlogs.keys()) this.drop(asker);
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
    this.#sweepAt = MIN_SWEEP;
    this.#start = 0;
  }

  #hearNext(backlog: Backlog): void {
    const { asker, waiting, isNew } = backlog;
    this.#start = Math.max(this.#start, backlog.served);
    const startMs = this.#clock.monotonicMs();
    // Who is new is heard for one step: of many who come at once, none waits for the shares of those who ask for much.
    this.#hear(backlog, isNew ? startMs : startMs + SHARE_MS);
    backlog.isNew = false;
    const tookMs = this.#clock.monotonicMs() - startMs;
    backlog.served += tookMs;
    if (isNew && backlog.isStranger) this.#start += tookMs / Math.max(1, this.#backlogs.size);
    if (waiting.length > 0) {
      backlog.arrival = this.#arrivals++;
      this.#line.add(backlog);
      return;
    }
    this.#backlogs.delete(asker);
    if (typeof asker === 'string' || !asker.isGone) this.#remember(asker, backlog.served);
  }

  #remember(asker: Asker, served: number): void {
    if (this.#served.size >= this.#sweepAt) {
      // Who had no more than those begin with who come is as good as one of them.
      for (const [each, had] of this.#served) if (had <= this.#start) this.#served.delete(each);
      this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#served.size);
    }
    this.#served.set(asker, served);
  }

  /** Does what waits of an asker, and takes it from the list, until a time: one step at least. */
  #hear({ asker, waiting }: Backlog, endMs: number): void {
    for (let first = waiting[0], isOver = false; first !== undefined && !isOver; first = waiting[0]) {
      const { frame, onDone } = first;
      if (frame !== undefined && typeof asker !== 'string') {
        while (!isOver && isWanted(asker, frame)) {
          this.#takeStep(asker, frame);
          isOver = this.#clock.monotonicMs() >= endMs;
        }
        if (isWanted(asker, frame)) return;
      }
      // All of it is dropped where a message ended its client.
      if (waiting[0] !== first) return;
      waiting.shift();
      onDone();
      if (frame === undefined) isOver = this.#clock.monotonicMs() >= endMs;
    }
  }
}

function isWanted(client: Client, frame: InboundFrame): boolean {
  return !frame.isDone && !client.isGone;
}
