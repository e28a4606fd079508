import type { FieldValue } from '../change.ts';
import type { SqliteStatement } from '../sqlite-driver.ts';
import type { Statements } from '../store/statements.ts';
import type { StoredTable } from '../store/stored-table.ts';
import { CreatedRows } from './created-rows.ts';

const rowsAtOnce = 128;
// As many changes as fill whole statements, so that none of their fields goes alone.
const flushAtChanges = rowsAtOnce;
const createdAtOnce = 512;

/**
 * Writes the log behind the rows: gathers the changes of a transaction and inserts them many at a time, which costs much
 * less than one by one. Whoever reads the log calls `flush` before; whoever changes rows, `settle`.
 */
export class LogWriter {
  readonly #authorId: string;
  readonly #changes: BulkInsert;
  readonly #fields: BulkInsert;
  /** The last changes, behind those of `#changes`. */
  readonly #created: CreatedRows;

  /** @param authorId of the rows that are created here */
  constructor(statements: Statements, authorId: string) {
    this.#authorId = authorId;
    this.#created = new CreatedRows(statements);
    this.#changes = new BulkInsert(
      statements,
      'INSERT INTO ZV_CHANGE (id, author_id, entity_type, entity_id, merged) VALUES ',
      '(?, ?, ?, ?, 1)',
      4,
    );
    this.#fields = new BulkInsert(
      statements,
      'INSERT INTO ZV_CHANGE_FIELD (change_id, field_name, field_value) VALUES ',
      '(?, ?, ?)',
      3,
    );
  }

  /** A row that was just inserted, and the change that made it: its id is the row's. `values` has one for each column. */
  created(stored: StoredTable, id: string, values: readonly FieldValue[]): void {
    if (this.#created.table !== stored) this.settle();
    this.#created.table = stored;
    this.#created.add(id, values);
    if (this.#created.ids.length === createdAtOnce) this.settle();
  }

  /** A change without fields so far, marked as merged. `id` must be new. */
  change(id: string, authorId: string, entityType: string, entityId: string): void {
    this.settle();
    this.#addChange(id, authorId, entityType, entityId);
  }

  field(changeId: string, name: string, value: FieldValue): void {
    this.#fields.values.push(changeId, name, value);
  }

  /** From now on the rows that were created may change. */
  settle(): void {
    const { table, ids, values } = this.#created;
    if (table === undefined) return;
    if (this.#created.mayBeCopied(table)) {
      this.#flushGathered();
      this.#created.copyToLog(table, this.#authorId);
    } else {
      const { columnNames } = table.table;
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i]!;
        this.#addChange(id, this.#authorId, table.name, id);
        for (let j = 0; j < columnNames.length; j++) this.field(id, columnNames[j]!, values[i]![j]!);
      }
    }
    this.#created.clear();
  }

  flush(): void {
    this.settle();
    this.#flushGathered();
  }

  /** Forgets what is not flushed, after a rollback. */
  clear(): void {
    this.#created.clear();
    this.#changes.values.length = 0;
    this.#fields.values.length = 0;
  }

  #addChange(id: string, authorId: string, entityType: string, entityId: string): void {
    if (this.#changes.values.length >= 4 * flushAtChanges) this.#flushGathered();
    this.#changes.values.push(id, authorId, entityType, entityId);
  }

  #flushGathered(): void {
    this.#changes.flush();
    this.#fields.flush();
  }
}

class BulkInsert {
  readonly values: FieldValue[] = [];
  readonly #width: number;
  readonly #one: SqliteStatement;
  readonly #many: SqliteStatement;

  constructor(statements: Statements, head: string, row: string, width: number) {
    this.#width = width;
    this.#one = statements.plain(head + row);
    this.#many = statements.plain(head + Array(rowsAtOnce).fill(row).join(', '));
  }

  flush(): void {
    const { values } = this;
    let at = 0;
    for (const step = rowsAtOnce * this.#width; at + step <= values.length; at += step)
      this.#many.run(values.slice(at, at + step));
    for (; at < values.length; at += this.#width) this.#one.run(values.slice(at, at + this.#width));
    values.length = 0;
  }
}
