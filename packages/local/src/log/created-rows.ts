import type { FieldValue } from '../change.ts';
import { quoted } from '../sql/identifier.ts';
import { literal } from '../sql/literal.ts';
import type { Statements } from '../store/statements.ts';
import type { StoredTable } from '../store/stored-table.ts';

/** Fewer are bound: copying takes three statements. */
const fewestToCopy = 16;

/** Whether a trigger may have changed a row behind us; those of `RawCapture` do not. */
const hasTriggers = `
  EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger') OR
  EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE type = 'trigger' AND name NOT LIKE 'zv\\_%' ESCAPE '\\')`;

/**
 * Rows of one table that a transaction made one after another, each by a change with the row's id, and that are not in the
 * log yet. SQLite can copy their log from the table, which spares binding every value a second time. So whoever is about
 * to change rows must have them logged before.
 */
export class CreatedRows {
  table: StoredTable | undefined;
  readonly ids: string[] = [];
  /** One for each of the table's columns. */
  readonly values: (readonly FieldValue[])[] = [];
  readonly #statements: Statements;
  readonly #sqlByTable = new Map<StoredTable, CopySql>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  add(id: string, values: readonly FieldValue[]): void {
    this.ids.push(id);
    this.values.push(values);
  }

  clear(): void {
    this.table = undefined;
    this.ids.length = 0;
    this.values.length = 0;
  }

  /** Whether they pay for it, and their table certainly has what was given, between the first and the last only them. */
  mayBeCopied(table: StoredTable): boolean {
    if (this.ids.length < fewestToCopy || !table.storesAsGiven) return false;
    const seen = this.#statements.plain(this.#sqlOf(table).look).get(this.#range())!; // it has one row
    return seen['rows'] === this.ids.length && seen['may_differ'] === 0;
  }

  copyToLog(table: StoredTable, authorId: string): void {
    const { changes, fields } = this.#sqlOf(table);
    this.#statements.plain(changes).run([authorId, ...this.#range()]);
    if (fields !== undefined) this.#statements.plain(fields).run(this.#range());
  }

  #range(): [first: string, last: string] {
    return [this.ids[0]!, this.ids.at(-1)!]; // there are some
  }

  #sqlOf(table: StoredTable): CopySql {
    let sql = this.#sqlByTable.get(table);
    if (sql === undefined) this.#sqlByTable.set(table, (sql = copySql(table)));
    return sql;
  }
}

interface CopySql {
  readonly look: string;
  readonly changes: string;
  /** A table may have no column but the id. */
  readonly fields: string | undefined;
}

function copySql({ name, table: { columnNames } }: StoredTable): CopySql {
  const from = `FROM ${quoted(name)} r`;
  const where = 'WHERE r.id BETWEEN ? AND ?';
  // In the order of their key, so that each is put behind the one before.
  const names = columnNames.toSorted();
  return {
    look: `SELECT (SELECT count(*) ${from} ${where}) AS rows, (${hasTriggers}) AS may_differ`,
    changes: `
      INSERT INTO ZV_CHANGE (id, author_id, entity_type, entity_id, merged)
      SELECT r.id, ?, ${literal(name)}, r.id, 1 ${from} ${where} ORDER BY r.id`,
    fields:
      names.length === 0
        ? undefined
        : `INSERT INTO ZV_CHANGE_FIELD (change_id, field_name, field_value)
           SELECT r.id, n.column2, CASE n.column1 ${names.map((column, i) => `WHEN ${i} THEN r.${quoted(column)}`).join(' ')} END
           ${from} CROSS JOIN (VALUES ${names.map((column, i) => `(${i}, ${literal(column)})`).join(', ')}) n
           ${where} ORDER BY r.id`,
  };
}
