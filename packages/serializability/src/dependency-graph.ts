/**
 * Why one transaction comes before another: it wrote what the other overwrote (`ww`) or read (`wr`), it read what the
 * other overwrote (`rw`), it came first in a session, or it was over when the other began.
 */
export type DependencyKind = 'ww' | 'wr' | 'rw' | 'session' | 'realtime';

export interface Dependency {
  readonly from: number;
  readonly to: number;
  readonly kind: DependencyKind;
  /** The key and value that tie them, for whoever reads it. */
  readonly reason: string;
}

/** The transactions of a history by their position in it, and what must come before what. */
export class DependencyGraph {
  readonly #outgoing: Dependency[][];

  constructor(size: number) {
    this.#outgoing = Array.from({ length: size }, () => []);
  }

  get size(): number {
    return this.#outgoing.length;
  }

  /** A transaction does not depend on itself. */
  add(from: number, to: number, kind: DependencyKind, reason: string): void {
    if (from !== to) this.#outgoing[from]?.push({ from, to, kind, reason });
  }

  from(node: number): readonly Dependency[] {
    return this.#outgoing[node] ?? [];
  }
}
