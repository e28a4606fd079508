import { ByteWriter } from '@lightcone/sats';

const INITIAL_BYTES = 256;
// As for row buffers: one long message must not be held for ever.
const KEPT_BYTES = 1 << 20;

/** Where the guest leaves the bytes of its answer. The ABI hands out one per call, or two; numbered from 1. */
export class BytesSinks {
  readonly #sinks: ByteWriter[] = [];
  #count = 0;

  /** Answers the new sink's handle. */
  open(): number {
    if (this.#count === this.#sinks.length) this.#sinks.push(new ByteWriter(INITIAL_BYTES));
    return ++this.#count;
  }

  find(handle: number): ByteWriter | undefined {
    return handle > this.#count ? undefined : this.#sinks[handle - 1];
  }

  closeAll(): void {
    for (let i = 0; i < this.#count; i++) {
      const sink = this.#sinks[i]!; // i < count <= length
      if (sink.bytes.length > KEPT_BYTES) this.#sinks[i] = new ByteWriter(INITIAL_BYTES);
      else sink.reset();
    }
    this.#count = 0;
  }
}
