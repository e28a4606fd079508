import { ByteReader } from '@lightcone/sats';

/** A frame of a client, and how far it has been dealt with. */
export class InboundFrame {
  /** Stands before the next message. */
  readonly reader: ByteReader;
  readonly isText: boolean;
  /** How many messages were taken from it, the one that is being dealt with included. */
  messages = 0;

  constructor(bytes: Uint8Array, start: number, end: number, isText: boolean) {
    this.reader = new ByteReader(bytes, start, end);
    this.isText = isText;
  }

  /** Whether it holds no other message. An empty frame holds one, which is wrong. */
  get isDone(): boolean {
    return this.messages > 0 && this.reader.remaining === 0;
  }

  /** What is left of it, in memory of its own. */
  copyRest(): InboundFrame {
    const bytes = this.reader.raw(this.reader.remaining).slice();
    const rest = new InboundFrame(bytes, 0, bytes.length, this.isText);
    rest.messages = this.messages;
    return rest;
  }
}
