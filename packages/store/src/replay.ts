import { typeEquals } from '@lightcone/sats';
import type { TableDefinition } from './definitions.ts';
import { PointerList } from './pointer-list.ts';
import { ReplayedRows } from './replayed-rows.ts';
import type { Sequence } from './sequence.ts';
import { checkRow } from './table-changes.ts';
import { Table } from './table.ts';

/**
 * Rebuilds tables from a log or a snapshot: rows come and go without checks of constraints, and all
 * are committed at once. Until `finish` tables have no indexes and no sequences.
 */
export class Replay {
  readonly #tables: Map<number, Table>;
  readonly #unsaved: Map<Sequence, Table>;
  readonly #onFinish: () => void;
  readonly #definitions = new Map<Table, TableDefinition>();
  /** Tables whose pages were filled and that have no row set. */
  readonly #bare = new Set<Table>();
  readonly #rows = new Map<Table, ReplayedRows>();
  /** Of these, those that have rows which wait for `settle`. */
  readonly #waiting: ReplayedRows[] = [];
  readonly #room = { ends: new PointerList(), rows: new PointerList() };

  /** @internal */
  constructor(tables: Map<number, Table>, unsaved: Map<Sequence, Table>, onFinish: () => void) {
    this.#tables = tables;
    this.#unsaved = unsaved;
    this.#onFinish = onFinish;
    for (const table of tables.values()) this.#take(table, table.definition);
  }

  /**
   * Creates a table, or gives the one with this id another definition. Handles of a table that got
   * another row type are no longer of use.
   * @throws StoreError `STORE_INVALID_DEFINITION` when rows that are there are not of the new row type
   */
  define(definition: TableDefinition): Table {
    const existing = this.#tables.get(definition.id);
    if (existing !== undefined && typeEquals(existing.definition.row.type, definition.row.type)) {
      this.#take(existing, { ...definition, row: existing.definition.row });
      return existing;
    }
    // Indexes and sequences are for the end: what is defined on the way may not have columns for them.
    const table = new Table({ ...definition, indexes: [], sequences: [] }, this.#unsaved);
    table.reshape(table.replayShapeFor(definition));
    if (existing !== undefined) {
      table.takeRows(existing);
      this.#definitions.delete(existing);
      this.#rows.delete(existing);
      this.#bare.delete(existing);
    }
    this.#definitions.set(table, definition);
    this.#tables.set(definition.id, table);
    return table;
  }

  drop(tableId: number): void {
    const table = this.#tables.get(tableId);
    if (table === undefined) return;
    this.#definitions.delete(table);
    this.#rows.delete(table);
    this.#bare.delete(table);
    this.#tables.delete(tableId);
  }

  /** The rows of a table, for records of transactions; until the table is defined anew. `settle` ends a record. */
  rowsOf(table: Table): ReplayedRows {
    if (this.#bare.has(table)) this.#link(table);
    let rows = this.#rows.get(table);
    if (rows === undefined) {
      rows = new ReplayedRows(table, this.#waiting);
      this.#rows.set(table, rows);
    }
    return rows;
  }

  /** All that a record inserted and deleted is known. @returns a table that would have a row twice */
  settle(): Table | undefined {
    for (let rows = this.#waiting.pop(); rows !== undefined; rows = this.#waiting.pop()) {
      if (!rows.settle()) return rows.table;
    }
    return undefined;
  }

  /**
   * Adds a row; false if it is there already.
   * @throws SatsError for bytes that are not exactly one row
   */
  insert(table: Table, bytes: Uint8Array, start: number, end: number): boolean {
    checkRow(table, bytes, start, end);
    return this.rowsOf(table).insert(bytes, start, end) && this.settle() === undefined;
  }

  /**
   * Removes the row with exactly these bytes; false if it is not there.
   * @throws SatsError for bytes that are not exactly one row
   */
  delete(table: Table, bytes: Uint8Array, start: number, end: number): boolean {
    checkRow(table, bytes, start, end);
    return this.rowsOf(table).delete(bytes, start, end);
  }

  /**
   * Makes room for pages in a table without rows; each has to be filled. Rows are looked for only when the first one
   * comes or goes one by one.
   * @throws StoreError `STORE_TABLE_FULL`
   */
  reservePages(table: Table, count: number): void {
    table.reservePages(count);
    if (count === 0) return;
    this.#bare.add(table);
    table.reshape(table.bareShapeFor(table.definition));
  }

  /**
   * Fills a page with rows that a capture saved.
   * @throws StoreError `STORE_INVALID_PAGE`; SatsError for bytes that are not `rowCount` rows
   */
  fillPage(table: Table, page: number, bytes: Uint8Array, start: number, end: number, rowCount: number): void {
    table.fillPage(page, bytes, start, end, rowCount, this.#room);
  }

  /** Removes all rows. */
  clear(table: Table): void {
    table.unlinkAll();
    for (let row = table.first(), next = row; row >= 0; row = next) {
      next = table.next(row);
      table.hide(row);
      table.free(row);
    }
  }

  /**
   * Builds indexes and sequences as last defined; the store is ready for transactions then.
   * @throws StoreError `STORE_UNIQUE_VIOLATION` that names the index and the key which two rows share
   */
  finish(): void {
    for (const [table, definition] of this.#definitions) table.reshape(table.shapeFor(definition));
    this.#definitions.clear();
    this.#rows.clear();
    this.#bare.clear();
    this.#onFinish();
  }

  #take(table: Table, definition: TableDefinition): void {
    this.#definitions.set(table, definition);
    table.reshape(this.#bare.has(table) ? table.bareShapeFor(definition) : table.replayShapeFor(definition));
  }

  /** Finds out where the rows of a table are whose pages were filled. */
  #link(table: Table): void {
    this.#bare.delete(table);
    table.reshape(table.replayShapeFor(table.definition));
  }
}
