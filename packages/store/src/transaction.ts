import { ByteWriter, typeEquals } from '@lightcone/sats';
import type { TableDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import type { RowPointer } from './row-pointer.ts';
import { Sequence } from './sequence.ts';
import { type TableChanges, type TouchedTable, checkRow } from './table-changes.ts';
import type { Index } from './table-index.ts';
import { type TableShape, haveSameValues } from './table-shape.ts';
import { Table } from './table.ts';
import { CommittedDelta, type TransactionDelta } from './transaction-delta.ts';
import { UniqueViolation } from './unique-violation.ts';

/**
 * Saves a sequence's boundary where a restart will find it, by changing rows in the transaction that
 * is about to commit.
 */
export type SaveSequence = (transaction: Transaction, table: Table, sequence: Sequence) => void;

/**
 * The one open transaction. It changes tables in place, so that reads see its own writes; `rollback`
 * puts rows, indexes and definitions back. The same object serves all transactions of a store: who
 * keeps it after `commit` or `rollback` gets `STORE_NO_TRANSACTION`, or the next transaction.
 *
 * Methods that change rows return a pointer, or one of the negative results of row-pointer.ts; then
 * nothing has changed, but values of sequences stay consumed.
 */
export class Transaction {
  /** Tells of the last UNIQUE_VIOLATION. */
  readonly lastViolation: UniqueViolation = new UniqueViolation();
  readonly #tables: Map<number, Table>;
  readonly #unsaved: Map<Sequence, Table>;
  readonly #saveSequence: SaveSequence | undefined;
  readonly #touched: TableChanges[] = [];
  readonly #delta = new CommittedDelta();
  #isOpen = false;

  // How things were before this transaction changed definitions.
  #tablesBefore: ReadonlyMap<number, Table> | undefined;
  readonly #shapesBefore = new Map<Table, TableShape>();

  /** @internal */
  constructor(tables: Map<number, Table>, unsaved: Map<Sequence, Table>, saveSequence: SaveSequence | undefined) {
    this.#tables = tables;
    this.#unsaved = unsaved;
    this.#saveSequence = saveSequence;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * The tables that this transaction changed rows of, or tried to; in the order of meeting them, dropped
   * ones included. With `settle` it is a look at what `commit` would return now. What is added while
   * the list is walked is met.
   */
  get touched(): readonly TouchedTable[] {
    return this.#touched;
  }

  /** @internal */
  open(): void {
    this.#delta.release();
    this.#isOpen = true;
  }

  /**
   * Inserts the row `bytes[start..end]`, which is copied.
   *
   * Auto-increment columns that are zero are filled first; their new values are appended to
   * `generated` in column order (a refused insert may leave some there). If an identical row is
   * visible its pointer is returned and nothing changes.
   * @returns the row, UNIQUE_VIOLATION or SEQUENCE_EXHAUSTED
   * @throws SatsError for bytes that are not exactly one row
   */
  insert(table: Table, bytes: Uint8Array, start: number, end: number, generated?: ByteWriter): RowPointer {
    return this.#changesOf(table).insert(bytes, start, end, generated, this.lastViolation);
  }

  /**
   * Replaces the row that has the new row's key in a unique index. Else as `insert`.
   * @returns the new row, or UNIQUE_VIOLATION, SEQUENCE_EXHAUSTED, NO_SUCH_ROW, INDEX_NOT_UNIQUE
   * @throws SatsError; StoreError `STORE_UNKNOWN_INDEX` when the index is not one of the table's
   */
  update(
    table: Table,
    index: Index,
    bytes: Uint8Array,
    start: number,
    end: number,
    generated?: ByteWriter,
  ): RowPointer {
    return this.#changesOf(table).update(index, bytes, start, end, generated, this.lastViolation);
  }

  /** Deletes a row; false if it is not visible (any more). */
  delete(table: Table, row: RowPointer): boolean {
    const changes = this.#changesOf(table);
    if (!table.isVisible(row)) return false;
    changes.delete(row);
    return true;
  }

  /**
   * Deletes the row with exactly these bytes; false if there is none.
   * @throws SatsError for bytes that are not exactly one row
   */
  deleteByValue(table: Table, bytes: Uint8Array, start: number, end: number): boolean {
    const changes = this.#changesOf(table);
    checkRow(table, bytes, start, end);
    const row = table.find(bytes, start, end);
    if (row >= 0) changes.delete(row);
    return row >= 0;
  }

  /** Deletes all visible rows and returns their number. */
  clear(table: Table): number {
    return this.#changesOf(table).clear();
  }

  /** @throws StoreError `STORE_INVALID_DEFINITION`, also when the id is taken */
  createTable(definition: TableDefinition): Table {
    this.#mustBeFree(definition);
    const table = new Table(definition, this.#unsaved);
    this.#put(table);
    return table;
  }

  /** Deletes a table's rows, which the delta shows, and the table. */
  dropTable(table: Table): void {
    this.clear(table);
    this.#tablesBefore ??= new Map(this.#tables);
    this.#tables.delete(table.definition.id);
  }

  /**
   * Gives a table another definition of the same id. Rows stay as they are; indexes and sequences that
   * both definitions have stay too, others are made or dropped. Values that the column of a new
   * sequence has already are the caller's concern.
   * @returns the table: another object if the row type is another one
   * @throws StoreError, and nothing has changed then: `STORE_UNIQUE_VIOLATION` with the first
   *   duplicate; `STORE_INVALID_DEFINITION`, also for rows that are not of the new row type;
   *   `STORE_TABLE_CHANGED` for another row type after this transaction touched the rows
   */
  redefineTable(table: Table, definition: TableDefinition): Table {
    this.#mustBeCurrent(table);
    const { id, name, row, isEvent } = table.definition;
    if (definition.id !== id || definition.isEvent !== isEvent) {
      throw new StoreError('STORE_INVALID_DEFINITION', `table ${name} keeps its id and its event flag`);
    }
    if (typeEquals(row.type, definition.row.type)) {
      const before = table.shape;
      table.reshape(table.shapeFor({ ...definition, row }));
      if (!this.#shapesBefore.has(table)) this.#shapesBefore.set(table, before);
      return table;
    }
    if (table.changes.isTouched) {
      throw new StoreError(
        'STORE_TABLE_CHANGED',
        `table ${name}: the transaction changed its rows, so it cannot get another row type any more`,
      );
    }
    const successor = new Table(definition, this.#unsaved, table.shape.sequences);
    successor.takeRows(table);
    this.#put(successor);
    return successor;
  }

  /**
   * Puts a new table of another id in the place of one that is dropped. The delta shows all rows leave
   * the one and enter the other. Sequences go on where they are if the columns and values are the same.
   * @param convert writes the new row for the old one, `bytes[start..end]`
   * @throws StoreError as `createTable`, and `STORE_UNIQUE_VIOLATION`; SatsError for what is not a row.
   *   The transaction has to be rolled back then
   */
  rebuildTable(
    table: Table,
    definition: TableDefinition,
    convert: (bytes: Uint8Array, start: number, end: number, row: ByteWriter) => void,
  ): Table {
    this.#mustBeCurrent(table);
    this.#mustBeFree(definition);
    const sequences = definition.sequences.flatMap((sequence) => {
      const before = table.shape.sequences.find(
        (other) => other.definition.column === sequence.column && haveSameValues(other.definition, sequence),
      );
      return before === undefined ? [] : [new Sequence(sequence, definition.row, before)];
    });
    const successor = new Table(definition, this.#unsaved, sequences);
    this.#put(successor);
    const changes = this.#changesOf(successor);
    const row = new ByteWriter();
    for (let old = table.first(); old >= 0; old = table.next(old)) {
      row.reset();
      convert(table.bytes(old), table.start(old), table.end(old), row);
      changes.adopt(row.bytes, 0, row.length, this.lastViolation);
    }
    this.dropTable(table);
    return successor;
  }

  /**
   * Ends the transaction. The boundaries of sequences that moved, in this transaction or in one that
   * was rolled back, are saved first; if that throws, the transaction is still open.
   * @returns what changed, until it is released
   */
  commit(): TransactionDelta {
    this.#mustBeOpen();
    if (this.#unsaved.size > 0) this.#saveSequences();
    const touched = this.#touched;
    for (let i = 0; i < touched.length; i++) {
      const changes = touched[i]!;
      changes.commit();
      if (changes.inserts.length > 0 || changes.deletes.length > 0) this.#delta.add(changes);
      else changes.release();
    }
    this.#close();
    return this.#delta;
  }

  /** Ends the transaction as if it had not been, but for the values that sequences gave. */
  rollback(): void {
    this.#mustBeOpen();
    // Indexes that this transaction made may refuse the rows of before; those that it dropped are stale.
    for (const [table, shape] of this.#shapesBefore) table.forgetLinksNotIn(shape);
    for (const changes of this.#touched) changes.rollback();
    for (const [table, shape] of this.#shapesBefore) table.reshape(shape);
    if (this.#tablesBefore !== undefined) {
      this.#tables.clear();
      for (const [id, table] of this.#tablesBefore) this.#tables.set(id, table);
    }
    this.#close();
  }

  #close(): void {
    // Cheaper than setting the length, which gives memory back.
    while (this.#touched.length > 0) this.#touched.pop();
    this.#tablesBefore = undefined;
    if (this.#shapesBefore.size > 0) this.#shapesBefore.clear();
    this.#isOpen = false;
  }

  #put(table: Table): void {
    this.#tablesBefore ??= new Map(this.#tables);
    this.#tables.set(table.definition.id, table);
    for (const sequence of table.shape.sequences) if (sequence.isUnsaved) this.#unsaved.set(sequence, table);
  }

  #saveSequences(): void {
    // Saving may take values from a sequence itself; the map hands out what is added meanwhile.
    for (const [sequence, table] of this.#unsaved) {
      // The table may have been redefined, dropped, or brought back since.
      const current = this.#tables.get(table.definition.id);
      if (current?.shape.sequences.includes(sequence)) this.#saveSequence?.(this, current, sequence);
    }
    for (const sequence of this.#unsaved.keys()) sequence.isUnsaved = false;
    this.#unsaved.clear();
  }

  #changesOf(table: Table): TableChanges {
    this.#mustBeOpen();
    const { changes } = table;
    if (!changes.isTouched) {
      this.#mustBeCurrent(table);
      changes.isTouched = true;
      this.#touched.push(changes);
    }
    return changes;
  }

  #mustBeCurrent(table: Table): void {
    this.#mustBeOpen();
    if (this.#tables.get(table.definition.id) === table) return;
    throw new StoreError('STORE_UNKNOWN_TABLE', `table ${table.definition.name} was dropped or got another row type`);
  }

  #mustBeFree({ id, name }: TableDefinition): void {
    this.#mustBeOpen();
    if (!this.#tables.has(id)) return;
    throw new StoreError('STORE_INVALID_DEFINITION', `table ${name}: id ${id} is taken`);
  }

  #mustBeOpen(): void {
    if (!this.#isOpen)
      throw new StoreError('STORE_NO_TRANSACTION', 'the transaction has been committed or rolled back');
  }
}
