import type { Change, FieldValue } from '@lightcone/local';

export type ModelRow = Record<string, FieldValue>;

interface Register {
  readonly id: string;
  readonly value: FieldValue;
}

/**
 * What all tables must be in the end, said as simply as can be: of all changes that were ever made, the last one that
 * sets a column has its value; whoever was deleted is gone, and so is a note whose item is.
 */
export class NaiveModel {
  readonly #changes = new Map<string, Change>();

  add(change: Change): void {
    this.#changes.set(change.id, change);
  }

  get size(): number {
    return this.#changes.size;
  }

  /** Rows by table, by id. */
  tables(columnsByTable: Readonly<Record<string, readonly string[]>>): Record<string, Record<string, ModelRow>> {
    const entities = new Map<string, Map<string, Register>>();
    for (const { id, entityType, entityId, fields } of this.#changes.values()) {
      const key = `${entityType}\n${entityId}`;
      let registers = entities.get(key);
      if (registers === undefined) entities.set(key, (registers = new Map()));
      for (const { name, value } of fields) {
        const register = registers.get(name);
        if (register === undefined || register.id < id) registers.set(name, { id, value });
      }
    }
    const tables: Record<string, Record<string, ModelRow>> = {};
    for (const [table, columns] of Object.entries(columnsByTable)) {
      const rows: Record<string, ModelRow> = (tables[table] = {});
      for (const [key, registers] of entities) {
        const [entityType, entityId] = key.split('\n') as [string, string];
        const isDeleted = (registers.get('_deleted')?.value ?? 0n) === 1n;
        if (entityType !== table || isDeleted) continue;
        rows[entityId] = Object.fromEntries(columns.map((name) => [name, registers.get(name)?.value ?? null]));
      }
    }
    const items = tables['Item'] ?? {};
    const notes = tables['Note'] ?? {};
    for (const [id, note] of Object.entries(notes)) if (!(String(note['item_id']) in items)) delete notes[id];
    return tables;
  }
}
