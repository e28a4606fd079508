import { ModestClient } from './modest-client.ts';
import { Rotation } from './rotation.ts';

/** Requests that may be under way together while a client is there that asks for one thing at a time. */
const REQUESTS_BESIDE = 4;
/** How soon it is looked whether those that wait may go, for another reason than that an answer has come. */
const LOOK_MS = 1;
/** One that has no answer when it was looked so often does not count: it waits for a slow disk or for something else. */
const MAX_LOOKS = 8;
/** Answers that are passed on in each turn of the event loop. To write one over HTTP takes some fifty microseconds. */
const ANSWERS_PER_TURN = 2;

/** A request that is on its way to a database and back. */
export interface RequestUnderWay {
  /** How often it had been looked when it went. */
  readonly since: number;
}

type Go = (request: RequestUnderWay) => void;

/** When the gateway looks again. */
export interface PaceTimers {
  /** Runs a function in the next turn of the event loop. */
  defer(run: () => void): void;
  after(delayMs: number, run: () => void): void;
}

const EVENT_LOOP: PaceTimers = {
  defer: (run) => void setImmediate(run),
  after: (delayMs, run) => void setTimeout(run, delayMs),
};

/**
 * How the requests of those without a connection go to the databases of a server, and how their answers come back, so
 * that they leave the processors to clients.
 *
 * Any number is under way together, but for few while a client is there that asks for one thing at a time: with many,
 * the gateway's thread and the databases' always have something to do, and a call of that client waits for a processor
 * wherever it comes, as beside frames (`frameShare`). Those that wait go in turn over their databases, so that a slow one
 * of which many ask holds up its own, and of each database in turn over their askers.
 *
 * Answers wait for the disk, and many have it at once. They are passed on a few in each turn of the event loop: else all
 * of them are written, and all the next requests read, in one turn each.
 */
export class RequestPace {
  /** Of all databases together. */
  readonly modest: ModestClient = new ModestClient();
  readonly #timers: PaceTimers;
  /** In the order in which they went. */
  readonly #underWay = new Set<RequestUnderWay>();
  /** By database, of each by asker. The database whose turn is next is the first. */
  readonly #heldByDatabase = new Map<string, Rotation<Go>>();
  readonly #answers: (() => void)[] = [];
  #isPassingOn = false;
  #looks = 0;
  #isLooking = false;

  constructor(timers: PaceTimers = EVENT_LOOP) {
    this.#timers = timers;
  }

  /** Calls a function when a request may go, now or later. It is under way until `answered`. */
  begin(database: string, asker: string, go: Go): void {
    if (this.#heldByDatabase.size === 0 && this.#hasRoom) {
      go(this.#next());
      return;
    }
    let held = this.#heldByDatabase.get(database);
    if (held === undefined) this.#heldByDatabase.set(database, (held = new Rotation()));
    held.add(asker, go);
    this.#lookSoon();
  }

  /** A request has its answer: passes it on in a later turn. */
  answered(request: RequestUnderWay, pass: () => void): void {
    this.#answers.push(() => {
      this.#underWay.delete(request);
      pass();
      this.#letGo();
    });
    if (this.#isPassingOn) return;
    this.#isPassingOn = true;
    this.#timers.defer(this.#passOn);
  }

  /** Lets all go that wait for a database, also if they are too many. */
  letAllGo(database: string): void {
    const held = this.#heldByDatabase.get(database);
    this.#heldByDatabase.delete(database);
    for (let go = held?.take(); go !== undefined; go = held?.take()) go(this.#next());
  }

  get #hasRoom(): boolean {
    return !this.modest.isThere || this.#underWay.size < REQUESTS_BESIDE;
  }

  #next(): RequestUnderWay {
    const request = { since: this.#looks };
    this.#underWay.add(request);
    return request;
  }

  #letGo(): void {
    while (this.#hasRoom) {
      const go = this.#takeHeld();
      if (go === undefined) return;
      go(this.#next());
    }
  }

  #takeHeld(): Go | undefined {
    for (const [database, held] of this.#heldByDatabase) {
      this.#heldByDatabase.delete(database);
      const go = held.take();
      if (!held.isEmpty) this.#heldByDatabase.set(database, held);
      return go;
    }
    return undefined;
  }

  readonly #passOn = (): void => {
    for (const pass of this.#answers.splice(0, ANSWERS_PER_TURN)) pass();
    this.#isPassingOn = this.#answers.length > 0;
    if (this.#isPassingOn) this.#timers.defer(this.#passOn);
  };

  #lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#timers.after(LOOK_MS, () => {
      this.#isLooking = false;
      this.#looks++;
      this.modest.looked();
      for (const request of this.#underWay) {
        if (this.#looks - request.since < MAX_LOOKS) break;
        this.#underWay.delete(request);
      }
      this.#letGo();
      if (this.#heldByDatabase.size > 0) this.#lookSoon();
    });
  }
}
