import { ProtocolError } from '@lightcone/protocol';
import { QueryError } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';
import { Client, type ConnectRequest } from './client.ts';
import { CLOSE_CODES } from './close-codes.ts';
import type { InboundFrame } from './connection/inbound-frame.ts';
import { Wires } from './connection/wires.ts';
import type { Core } from './core.ts';
import { Inbox } from './inbox.ts';
import { connectCaller, disconnectCaller } from './sessions.ts';

/** The clients that are connected, from when they are let in until everything is done that they asked for. */
export class Clients implements Iterable<Client> {
  readonly #core: Core;
  readonly #owner: Identity;
  readonly #wires: Wires;
  readonly #inbox: Inbox;
  readonly #byNumber = new Map<number, Client>();

  constructor(core: Core, owner: Identity) {
    this.#core = core;
    this.#owner = owner;
    this.#wires = new Wires(core);
    const { clock, defer } = core.options;
    this.#inbox = new Inbox(core.turns, clock, defer, (client, frame) => this.#takeStep(client, frame));
  }

  get size(): number {
    return this.#byNumber.size;
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.#byNumber.values();
  }

  /** As `Database.connect`. */
  connect(request: ConnectRequest): void {
    const { door, outbox, turns } = this.#core;
    turns.begin();
    const overload = door.refuseWhileBehind();
    if (overload !== undefined) {
      outbox.lane(false).close(request.number, CLOSE_CODES.tryAgainLater, overload.message);
      return;
    }
    const { identity, number, protocol, token } = request;
    const client = new Client(request, this.#wires.of(protocol), identity.equals(this.#owner), door.enter(identity));
    const refusal = connectCaller(this.#core, client.caller);
    if (refusal !== undefined) {
      door.leave(client.quota);
      const code = refusal.cause === 'diskFull' ? CLOSE_CODES.tryAgainLater : CLOSE_CODES.policyViolation;
      outbox.lane(false).close(number, code, refusal.message);
      return;
    }
    this.#byNumber.set(number, client);
    client.wire.sendFirstMessage(client, token);
  }

  /** As `Database.receive`. */
  receive(number: number, bytes: Uint8Array, start: number, end: number, isText: boolean, onDone: () => void): void {
    const client = this.#byNumber.get(number);
    // Closed by us while the frame was under way.
    if (client === undefined || this.#core.turns.refusal !== undefined) {
      onDone();
      return;
    }
    this.#core.turns.begin();
    this.#inbox.receive(client, bytes, start, end, isText, onDone);
  }

  /** As `Database.disconnect`. */
  disconnect(number: number): void {
    const client = this.#byNumber.get(number);
    if (client === undefined) return;
    if (this.#inbox.has(client)) this.#inbox.after(client, () => this.#end(client));
    else this.#end(client);
  }

  /** Calls a function when it is the turn of somebody without a connection, among the clients. */
  ask(asker: string, work: () => void): void {
    this.#core.turns.begin();
    this.#inbox.ask(asker, work);
  }

  /** Does everything that waits, however long it takes. */
  finish(): void {
    this.#inbox.finish();
  }

  /** Closes all connections, behind what their clients are owed, and ends the clients. */
  closeAll(): void {
    for (const client of this) {
      // In the client's own lane, so that no answer comes too late.
      const lane = this.#core.outbox.lane(client.isConfirmed);
      lane.close(client.number, CLOSE_CODES.goingAway, 'module exited');
      this.#end(client);
    }
  }

  /** Closes all connections of a database that does nothing any more. */
  abandonAll(code: number, reason: string): void {
    for (const client of this) {
      client.isGone = true;
      this.#core.outbox.lane(false).close(client.number, code, reason);
    }
    this.#byNumber.clear();
  }

  /** Does the next step of what a frame asks for. */
  #takeStep(client: Client, frame: InboundFrame): void {
    try {
      frame.takeStep(client);
    } catch (error) {
      // Only once it is being answered does a query turn out to be too large.
      const isTooLarge = error instanceof QueryError && error.code === 'QUERY_TOO_LARGE';
      if (!(error instanceof ProtocolError || isTooLarge)) throw error;
      const lane = this.#core.outbox.lane(client.isConfirmed);
      lane.cancel();
      const isTooMuch = error.code === 'PROTOCOL_TOO_MANY_MESSAGES';
      lane.close(client.number, isTooMuch ? CLOSE_CODES.tryAgainLater : CLOSE_CODES.internalError, error.message);
      this.#end(client);
    }
  }

  /** Ends a client, unless it has ended. What waits of it is not done any more. */
  #end(client: Client): void {
    if (client.isGone) return;
    this.#core.turns.endSoon();
    client.isGone = true;
    this.#byNumber.delete(client.number);
    this.#inbox.drop(client);
    this.#core.door.leave(client.quota);
    this.#core.subscriptions.removeClient(client);
    disconnectCaller(this.#core, client.caller);
  }
}
