import { OutboundBatch, readOutboundBatch } from './outbound-batch.ts';

/**
 * Holds what is to be sent until it may be seen.
 *
 * There are two lanes. What unconfirmed connections get leaves at the end of the turn. What
 * confirmed ones get is sealed at the end of the turn and leaves when the log has made the last
 * transaction it depends on durable. A connection uses one lane for all its messages, so their
 * order is the order of writing; an answer that depends on nothing keeps its place in the lane.
 */
export class Outbox {
  readonly #deliver: (batch: Uint8Array) => void;
  readonly #immediate = new OutboundBatch();
  readonly #confirmed = new OutboundBatch();
  #sealed: { readonly batch: Uint8Array; readonly txOffset: number }[] = [];
  #lastTxOffset: number;
  #durableTxOffset: number;
  #waitingBytes = 0;

  /** @param durableTxOffset what is durable at the start; `Infinity` for a database in memory */
  constructor(deliver: (batch: Uint8Array) => void, durableTxOffset: number) {
    this.#deliver = deliver;
    this.#durableTxOffset = durableTxOffset;
    this.#lastTxOffset = Number.isFinite(durableTxOffset) ? durableTxOffset : -1;
  }

  /** Bytes that are sealed until the log is durable far enough. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The lane of a connection, to write a message to. */
  lane(isConfirmed: boolean): OutboundBatch {
    return isConfirmed ? this.#confirmed : this.#immediate;
  }

  /** A transaction was appended to the log: everything written from here on may show its effects. */
  committed(txOffset: number): void {
    this.#lastTxOffset = txOffset;
  }

  /** Ends a turn: sends what may be sent. */
  flush(): void {
    if (!this.#immediate.isEmpty) this.#deliver(this.#immediate.take());
    if (this.#confirmed.isEmpty) return;
    if (this.#sealed.length === 0 && this.#lastTxOffset <= this.#durableTxOffset) {
      this.#deliver(this.#confirmed.take());
      return;
    }
    const batch = this.#confirmed.take();
    this.#waitingBytes += batch.length;
    this.#sealed.push({ batch, txOffset: this.#lastTxOffset });
  }

  /** The log has synced everything up to `txOffset`. */
  durable(txOffset: number): void {
    this.#durableTxOffset = txOffset;
    let released = 0;
    for (; released < this.#sealed.length && this.#sealed[released]!.txOffset <= txOffset; released++) {
      const { batch } = this.#sealed[released]!; // released < length
      this.#waitingBytes -= batch.length;
      this.#deliver(batch);
    }
    if (released > 0) this.#sealed = this.#sealed.slice(released);
  }

  /** The database has failed: what has not left is never sent, but for connections that are to end. */
  abandon(): void {
    // A message may be half written.
    this.#immediate.cancel();
    this.#confirmed.cancel();
    const waiting = [...this.#sealed.map(({ batch }) => batch), this.#immediate.take(), this.#confirmed.take()];
    this.#sealed = [];
    this.#waitingBytes = 0;
    const visitor = {
      message: () => {},
      close: (number: number, code: number, reason: string) => this.#immediate.close(number, code, reason),
    };
    for (const batch of waiting) readOutboundBatch(batch, visitor);
  }
}
