import type { ConnectionId } from '@lightcone/sats';

/** How many connections there are of an id beyond the first: of ids that one connection has, nothing is kept. */
export class SharedConnectionIds {
  readonly #others = new Map<string, number>();

  /** One more connection has an id that another one has. */
  add(connectionId: ConnectionId): void {
    const id = connectionId.toHex();
    this.#others.set(id, (this.#others.get(id) ?? 0) + 1);
  }

  /** A connection is gone. @returns whether another one has its id */
  remove(connectionId: ConnectionId): boolean {
    if (this.#others.size === 0) return false;
    const id = connectionId.toHex();
    const others = this.#others.get(id);
    if (others === undefined) return false;
    if (others > 1) this.#others.set(id, others - 1);
    else this.#others.delete(id);
    return true;
  }
}
