import type { Change, ChangeLog, FieldValue, LoggedChange, MergeResult, Note } from '@lightcone/local';

/** A change log as naive as can be: arrays, and everything found by looking at all of it. */
export class ModelLog implements ChangeLog {
  readonly authorId: string;
  readonly formerAuthorIds: readonly string[] = [];
  readonly #arrived: Change[] = [];
  readonly #byId = new Map<string, Change>();
  readonly #notes = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  /** Thrown by the next append, once. */
  failure: Error | undefined;

  constructor(authorId: string) {
    this.authorId = authorId;
  }

  /** As a save of this database. */
  write(change: Change): void {
    this.#add(change);
    for (const listener of this.#listeners) listener();
  }

  /** The winning values: `table/row/field` → value. */
  state(): Record<string, FieldValue> {
    const winners = new Map<string, { id: string; value: FieldValue }>();
    for (const { id, entityType, entityId, fields } of this.#arrived) {
      for (const { name, value } of fields) {
        const register = `${entityType}/${entityId}/${name}`;
        const winner = winners.get(register);
        if (winner === undefined || winner.id < id) winners.set(register, { id, value });
      }
      if (fields.length === 0) winners.set(`${entityType}/${entityId}/`, { id: '', value: null });
    }
    return Object.fromEntries(
      [...winners].map(([key, { value }]) => [key, value]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
    );
  }

  whenIdle(): undefined {}

  unknownOf(ids: Iterable<string>): string[] {
    return [...new Set(ids)].filter((id) => !this.#byId.has(id));
  }

  changesById(ids: Iterable<string>): Change[] {
    return [...new Set(ids)].sort().flatMap((id) => this.#byId.get(id) ?? []);
  }

  lastCursor(): number {
    return this.#arrived.length;
  }

  changesSince(cursor: number, { limit, authorId }: { limit: number; authorId?: string }): LoggedChange[] {
    return this.#arrived
      .map((change, i) => ({ cursor: i + 1, change }))
      .slice(cursor)
      .filter(({ change }) => authorId === undefined || change.authorId === authorId)
      .slice(0, limit);
  }

  changeIds(): string[] {
    return [...this.#byId.keys()].sort();
  }

  append(changes: Iterable<Change>, notes: readonly Note[] = []): MergeResult {
    const all = [...changes];
    if (this.failure !== undefined) {
      const failure = this.failure;
      this.failure = undefined;
      throw failure;
    }
    const after = this.lastCursor();
    for (const change of all) if (!this.#byId.has(change.id)) this.#add(change);
    this.setNotes(notes);
    const through = this.lastCursor();
    const arrived = through === after ? undefined : { after, through };
    return { appended: through - after, arrived, rows: 0, parked: [], refused: [] };
  }

  winningChanges({ afterId = '', limit }: { afterId?: string; limit: number }): Change[] {
    const winners = new Map<string, string>();
    for (const { id, entityType, entityId, fields } of this.#arrived) {
      for (const { name } of fields) {
        const register = `${entityType}/${entityId}/${name}`;
        if ((winners.get(register) ?? '') < id) winners.set(register, id);
      }
    }
    return [...this.#byId.values()]
      .filter(({ id }) => id > afterId)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((change) => {
        const { id, entityType, entityId } = change;
        const fields = change.fields.filter(({ name }) => winners.get(`${entityType}/${entityId}/${name}`) === id);
        return { change, fields };
      })
      .filter(({ change, fields }) => change.fields.length === 0 || fields.length > 0)
      .slice(0, limit)
      .map(({ change, fields }) => ({ ...change, fields }));
  }

  note(key: string): string | undefined {
    return this.#notes.get(key);
  }

  setNotes(notes: readonly Note[]): void {
    for (const { key, value } of notes) {
      if (value === undefined) this.#notes.delete(key);
      else this.#notes.set(key, value);
    }
  }

  onOwnChanges(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(change: Change): void {
    this.#byId.set(change.id, change);
    this.#arrived.push(change);
  }
}
