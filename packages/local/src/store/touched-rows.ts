/** What a transaction did to a row, in sum. */
export type RowDeed = 'insert' | 'update' | 'delete';

/** The rows that a transaction touched, by table and id. */
export class TouchedRows {
  /** Whether other connections may have touched anything. */
  readonly isAnything: boolean;
  readonly #deedsByTable = new Map<string, Deeds>();

  constructor(isAnything = false) {
    this.isAnything = isAnything;
  }

  note(table: string, id: string, deed: RowDeed): void {
    let deeds = this.#deedsByTable.get(table);
    if (deeds === undefined) this.#deedsByTable.set(table, (deeds = new Deeds()));
    deeds.ids.push(id);
    deeds.kinds.push(deed);
  }

  get isEmpty(): boolean {
    return !this.isAnything && this.#deedsByTable.size === 0;
  }

  /** How often rows were written. */
  get deeds(): number {
    let count = 0;
    for (const { ids } of this.#deedsByTable.values()) count += ids.length;
    return count;
  }

  tables(): Iterable<string> {
    return this.#deedsByTable.keys();
  }

  /** The rows of a table and what became of them; those that came and went are left out. */
  rowsOf(table: string): ReadonlyMap<string, RowDeed> {
    return this.#deedsByTable.get(table)?.byId() ?? new Map();
  }
}

/** Deeds as they came: a large transaction that nobody asks about pays for two arrays. */
class Deeds {
  readonly ids: string[] = [];
  readonly kinds: RowDeed[] = [];
  #byId: Map<string, RowDeed> | undefined;

  byId(): ReadonlyMap<string, RowDeed> {
    if (this.#byId !== undefined) return this.#byId;
    const rows = new Map<string, RowDeed>();
    for (let i = 0; i < this.ids.length; i++) {
      const id = this.ids[i]!;
      const deed = this.kinds[i]!;
      const before = rows.get(id);
      if (before === undefined) rows.set(id, deed);
      else if (before !== 'insert') rows.set(id, deed === 'insert' ? 'update' : deed);
      else if (deed === 'delete') rows.delete(id);
    }
    return (this.#byId = rows);
  }
}
