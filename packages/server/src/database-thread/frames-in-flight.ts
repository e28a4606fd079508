import type { FrameBatch, FrameSource } from './frame-batch.ts';
import type { FrameQueue } from './frame-queue.ts';

/** Batches are counted in so many places, by turns. */
const SLOTS = 1024;

/** A source of frames that knows how many of them are at the database. */
interface CountedSource extends FrameSource {
  readonly frames: FrameQueue;
}

/** Where a database's thread says that it is done with batches; see `FramesInFlight`. */
export class DoneBatches {
  readonly #slots: Int32Array;
  #received = 0;

  /** @param slots shared with the gateway: `FramesInFlight.slots` */
  constructor(slots: SharedArrayBuffer) {
    this.#slots = new Int32Array(slots);
  }

  /** A batch has come. @returns what to call when it is done with, once */
  next(): () => void {
    const slot = this.#received++ % SLOTS;
    return () => void Atomics.add(this.#slots, slot, 1);
  }
}

/**
 * The batches of frames that crossed to a database and are not done with.
 *
 * The database says so in shared memory, by batch: it is done with them in any order, as frames of one client may wait
 * there for those of others. The place is the batch's number modulo their count, so a batch that comes to one where
 * another still is counts as done together with it.
 */
export class FramesInFlight<Source extends CountedSource> {
  readonly slots: SharedArrayBuffer = new SharedArrayBuffer(4 * SLOTS);
  readonly #done = new Int32Array(this.slots);
  readonly #sent = new Int32Array(SLOTS);
  #nextSlot = 0;
  #batches: { readonly slot: number; readonly batch: FrameBatch<Source> }[] = [];
  #byteLength = 0;

  /** Bytes of the batches together. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Counts a batch that crosses now. */
  add(batch: FrameBatch<Source>): void {
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % SLOTS;
    this.#sent[slot]!++; // a slot of SLOTS
    this.#batches.push({ slot, batch });
    this.#byteLength += batch.byteLength;
  }

  /** Takes off the books what the database is done with. */
  retire(): void {
    const isDone = (slot: number): boolean => Atomics.load(this.#done, slot) === this.#sent[slot];
    if (!this.#batches.some(({ slot }) => isDone(slot))) return;
    this.#batches = this.#batches.filter(({ slot, batch }) => {
      if (!isDone(slot)) return true;
      this.#byteLength -= batch.byteLength;
      const { sources, lengths } = batch;
      for (let i = 0; i < sources.length; i++) sources[i]!.frames.done(lengths[i]!); // as many
      return false;
    });
  }
}
