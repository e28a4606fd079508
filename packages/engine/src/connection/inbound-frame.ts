import { ByteReader } from '@lightcone/sats';
import type { Client } from '../client.ts';
import type { Steps } from './wire.ts';

/** A frame of a client, and how far it has been dealt with. */
export class InboundFrame {
  /** Stands before the next message. */
  readonly reader: ByteReader;
  readonly isText: boolean;
  /** How many messages were taken from it, the one that is being dealt with included. */
  messages = 0;
  /** What is left to do for the last of them. */
  #steps: Steps | undefined;

  constructor(bytes: Uint8Array, start: number, end: number, isText: boolean) {
    this.reader = new ByteReader(bytes, start, end);
    this.isText = isText;
  }

  /** Whether nothing of it is left to do. An empty frame holds one message, which is wrong. */
  get isDone(): boolean {
    return this.messages > 0 && this.#steps === undefined && this.reader.remaining === 0;
  }

  /** Does the next step of what it asks for: there must be one. @throws as `Wire.receive` does */
  takeStep(client: Client): void {
    if (this.#steps === undefined) {
      this.messages++;
      this.#steps = client.wire.receive(client, this);
    }
    if (this.#steps?.next().done) this.#steps = undefined;
  }

  /** What is left of it, in memory of its own. */
  copyRest(): InboundFrame {
    const bytes = this.reader.raw(this.reader.remaining).slice();
    const rest = new InboundFrame(bytes, 0, bytes.length, this.isText);
    rest.messages = this.messages;
    rest.#steps = this.#steps;
    return rest;
  }
}
