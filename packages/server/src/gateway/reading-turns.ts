/** A connection that can be read from, or not. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/**
 * Whose sockets are read from, of those that send more than their databases take: one of them in each turn of the event
 * loop, by rotation. To take the frames of one such socket apart takes a millisecond or two each time that it is read,
 * and the system has the next megabytes of it ready at once: everybody else would wait for them.
 */
export class ReadingTurns<Connection extends Readable> {
  readonly #held = new Set<Connection>();
  readonly #defer: (run: () => void) => void;

  /** @param defer runs a function in the next turn */
  constructor(defer: (run: () => void) => void = setImmediate) {
    this.#defer = defer;
  }

  /** Stops reading from a connection until it is its turn again. What was read already still comes. */
  hold(connection: Connection): void {
    if (this.#held.has(connection)) return;
    if (this.#held.size === 0) this.#defer(this.#next);
    connection.pause();
    this.#held.add(connection);
  }

  /** A connection has ended. */
  forget(connection: Connection): void {
    this.#held.delete(connection);
  }

  readonly #next = (): void => {
    const [first] = this.#held;
    if (first === undefined) return;
    this.#held.delete(first);
    if (this.#held.size > 0) this.#defer(this.#next);
    first.resume();
  };
}
