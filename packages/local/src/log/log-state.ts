import type { Note } from '../change-log.ts';
import type { Statements } from '../store/statements.ts';

/** Texts by key in a table of the log: `ZV_METADATA`, which DimpleDb reads too, or `ZV_STATE`. */
export class LogState {
  readonly #statements: Statements;
  readonly #table: 'ZV_METADATA' | 'ZV_STATE';

  constructor(statements: Statements, table: 'ZV_METADATA' | 'ZV_STATE') {
    this.#statements = statements;
    this.#table = table;
  }

  get(key: string): string | undefined {
    return this.#statements.plain(`SELECT value FROM ${this.#table} WHERE key = ?`).get([key])?.['value'] as
      | string
      | undefined;
  }

  set({ key, value }: Note): void {
    if (value === undefined) this.#statements.plain(`DELETE FROM ${this.#table} WHERE key = ?`).run([key]);
    else
      this.#statements
        .plain(
          `INSERT INTO ${this.#table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
        )
        .run([key, value]);
  }
}
