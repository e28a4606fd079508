const WASM_PAGE_BYTES = 64 * 1024;
/** What an instance may have whatever the others have. */
const SHARE_BYTES = 2 * 1024 * 1024;

/**
 * What the memories of all instances for procedures of one database take together. Each may grow to the limit of the
 * module; all of them at once would be the memory of the machine, and with it of all databases on it.
 *
 * It is looked at between calls and waits. So at most one instance, the one that runs, is ever above it.
 */
export class MemoryBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxMemoryPages the limit of one instance */
  constructor(maxMemoryPages: number, maxInstances: number) {
    this.#maxBytes = maxInstances * SHARE_BYTES + maxMemoryPages * WASM_PAGE_BYTES;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is none left for another instance. */
  get isSpent(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** Counts an instance that was counted with `before`. */
  count(before: number, now: number): void {
    this.#bytes += now - before;
  }

  /** Whether an instance of this size has to go. */
  isTooLarge(bytes: number): boolean {
    return this.isSpent && bytes > SHARE_BYTES;
  }
}
