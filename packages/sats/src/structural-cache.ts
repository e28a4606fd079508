/** Enough for the types of many modules, and a bound for a server that many are published to. */
const CAPACITY = 4096;

/** Keeps what was made for a type, to be found by any type of the same structure. Oldest entries make room. */
export class StructuralCache<T> {
  readonly #entries = new Map<string, T>();

  /** @param structure plain data that determines what `make` makes */
  get(structure: unknown, make: () => T): T {
    const key = JSON.stringify(structure);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#entries.size >= CAPACITY) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, made);
    return made;
  }
}
