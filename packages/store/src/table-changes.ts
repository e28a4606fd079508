import { ByteWriter, SatsError } from '@lightcone/sats';
import { DeletedRows } from './deleted-rows.ts';
import { StoreError } from './errors.ts';
import { PointerList } from './pointer-list.ts';
import {
  INDEX_NOT_UNIQUE,
  NO_ROW,
  NO_SUCH_ROW,
  type RowPointer,
  SEQUENCE_EXHAUSTED,
  UNIQUE_VIOLATION,
} from './row-pointer.ts';
import type { RowPages } from './row-pages.ts';
import { EXHAUSTED, FILLED, type Sequence } from './sequence.ts';
import type { Table } from './table.ts';
import type { Index, TableIndex } from './table-index.ts';
import type { UniqueViolation } from './unique-violation.ts';

/** The net effect of a transaction on one table. The lists are disjoint and without duplicates. */
export interface TableDelta {
  readonly table: Table;
  readonly inserts: PointerList;
  /** Rows that are gone; their bytes can be read until the delta is released. */
  readonly deletes: PointerList;
  /** Rows were deleted and the table is empty now. */
  readonly isTruncated: boolean;
}

/** A table that the open transaction has met. */
export interface TouchedTable {
  readonly table: Table;
  /**
   * The net effect on the table so far; its lists may be empty, and are valid until the table is
   * changed again. Costs the time to walk them.
   */
  settle(): TableDelta;
}

/**
 * What the open transaction did to one table, kept as its net effect at every moment. It is both the
 * delta and the way back: rows are changed in place, deleted ones keep their bytes.
 *
 *     insert, delete     a row gets a place, or leaves it when the delta is released
 *     update             the new row gets the place of the old one, whose bytes move to a place of their own until then:
 *                        indexes whose key is the same need not change, and rows stay where they lie
 *
 * An update that needs more space than the old row has is a delete and an insert.
 */
export class TableChanges implements TableDelta, TouchedTable {
  readonly table: Table;
  /** While the transaction is open: also rows that were deleted again, and their successors at the same place. */
  readonly inserts: PointerList = new PointerList();
  /** While the transaction is open: NO_ROW in the place of rows that came back. */
  readonly deletes: PointerList;
  isTruncated = false;
  /** Whether the transaction has met this table. */
  isTouched = false;
  /** Whether the table got indexes after rows of it were changed: keys that are unique now may not have been before. */
  hasNewIndexes = false;
  readonly #unsaved: Map<Sequence, Table>;
  readonly #deleted: DeletedRows;
  /** The new row of an update, where sequences fill columns of it. */
  readonly #filled = new ByteWriter(64);
  /** Indexes that have to learn of the row that is being updated. */
  readonly #stale: TableIndex[] = [];

  constructor(table: Table, rows: RowPages, unsaved: Map<Sequence, Table>) {
    this.table = table;
    this.#unsaved = unsaved;
    this.#deleted = new DeletedRows(rows);
    this.deletes = this.#deleted.pointers;
  }

  /** Memory of the bookkeeping, in bytes. */
  get byteSize(): number {
    return this.inserts.byteSize + this.#deleted.byteSize;
  }

  insert(
    bytes: Uint8Array,
    start: number,
    end: number,
    generated: ByteWriter | undefined,
    violation: UniqueViolation,
  ): RowPointer {
    const table = this.table;
    const placed = this.#place(bytes, start, end, generated);
    if (placed < 0) return placed;

    const position = this.#deleted.find(table.bytes(placed), table.start(placed), table.end(placed));
    let row = placed;
    if (position >= 0) {
      table.free(placed);
      row = this.#inItsPlace(position);
    }
    const conflict = table.link(row);
    if (conflict >= 0) {
      // Had the row itself been deleted, no identical one could be visible.
      const isSame = position < 0 && table.equals(conflict, table.bytes(row), table.start(row), table.end(row));
      if (!isSame) this.#recordViolation(violation, row);
      if (position < 0) table.free(row);
      return isSame ? conflict : UNIQUE_VIOLATION;
    }
    this.#enter(row, position);
    return row;
  }

  /**
   * Inserts a row of another table as it is: no column is filled.
   * @throws StoreError `STORE_UNIQUE_VIOLATION`; SatsError
   */
  adopt(bytes: Uint8Array, start: number, end: number, violation: UniqueViolation): void {
    const table = this.table;
    checkRow(table, bytes, start, end);
    const row = table.place(bytes, start, end);
    if (table.link(row) >= 0) {
      this.#recordViolation(violation, row);
      table.free(row);
      throw new StoreError('STORE_UNIQUE_VIOLATION', violation.message());
    }
    this.#enter(row, -1);
  }

  update(
    wanted: Index,
    bytes: Uint8Array,
    start: number,
    end: number,
    generated: ByteWriter | undefined,
    violation: UniqueViolation,
  ): RowPointer {
    if (!wanted.definition.isUnique) return INDEX_NOT_UNIQUE;
    const table = this.table;
    const index = this.#uniqueIndex(wanted);
    checkRow(table, bytes, start, end);
    if (table.shape.sequences.length === 0) return this.#replace(index, bytes, start, end, violation);
    const filled = this.#filled;
    filled.reset();
    filled.slice(bytes, start, end);
    if (!this.#fill(filled.bytes, 0, generated)) return SEQUENCE_EXHAUSTED;
    return this.#replace(index, filled.bytes, 0, filled.length, violation);
  }

  /** Puts a row in the place of the one that has its key in an index. */
  #replace(index: TableIndex, bytes: Uint8Array, start: number, end: number, violation: UniqueViolation): RowPointer {
    const table = this.table;
    const old = index.findRow(bytes, start);
    if (old < 0) return NO_SUCH_ROW;
    if (table.equals(old, bytes, start, end)) return old;
    if (table.shape.uniqueIndexes.length > 1) {
      const violated = this.#findViolatedIndex(bytes, start, old);
      if (violated !== undefined) {
        violation.record(table, violated, bytes, start);
        return UNIQUE_VIOLATION;
      }
    }
    const isOwn = table.isOwn(old);
    // A committed row was the only one with its key before the transaction, so no deleted row has that key.
    const position = isOwn || this.hasNewIndexes ? this.#deleted.find(bytes, start, end) : -1;
    if (position < 0) {
      if (table.fits(old, end - start)) {
        if (isOwn) this.#rewrite(index, old, bytes, start, end);
        else this.#succeed(index, old, bytes, start, end);
        return old;
      }
      const row = table.place(bytes, start, end);
      this.#relink(index, old, row);
      this.#leave(old);
      this.#enter(row, -1);
      return row;
    }
    if (this.#deleted.place(position) === old) {
      this.#comeBack(index, old, position);
      return old;
    }
    const row = this.#inItsPlace(position);
    this.#relink(index, old, row);
    this.#leave(old);
    this.#enter(row, position);
    return row;
  }

  delete(row: RowPointer): void {
    this.table.unlink(row);
    this.#leave(row);
  }

  clear(): number {
    const table = this.table;
    const count = table.rowCount;
    table.unlinkAll();
    // No row is added meanwhile, and the next one is looked up before this one goes.
    for (let row = table.first(), next = NO_ROW; row >= 0; row = next) {
      next = table.next(row);
      this.#leave(row);
    }
    return count;
  }

  settle(): TableDelta {
    const { table, inserts } = this;
    this.#compact();
    for (let i = 0; i < inserts.length; i++) table.own(inserts.at(i));
    return this;
  }

  /** Makes the lists what they are to be, and takes the rows of event tables out. */
  commit(): void {
    const { table, inserts } = this;
    this.#compact();
    if (!table.definition.isEvent) return;
    for (let i = 0; i < inserts.length; i++) {
      table.unlink(inserts.at(i));
      table.hide(inserts.at(i));
    }
  }

  rollback(): void {
    const { table, inserts, deletes } = this;
    this.#compact();
    // Keys may have gone from row to row: all of the new ones go before the first of the old ones comes back.
    for (let i = 0; i < inserts.length; i++) table.unlink(inserts.at(i));
    for (let i = 0; i < deletes.length; i++) {
      const place = this.#deleted.place(i);
      if (place < 0) {
        table.show(deletes.at(i), false);
      } else {
        this.#putBack(i, place);
        table.own(place); // until the rows that were inserted are gone
      }
      table.link(deletes.at(i));
    }
    for (let i = 0; i < inserts.length; i++) {
      const row = inserts.at(i);
      if (table.isOwn(row)) {
        table.disown(row);
      } else {
        table.hide(row);
        table.free(row);
      }
    }
    this.#reset();
  }

  /** The delta has been read: gives the space of rows back that are no more. */
  release(): void {
    const { table, inserts, deletes } = this;
    for (let i = 0; i < deletes.length; i++) table.free(deletes.at(i));
    if (table.definition.isEvent) for (let i = 0; i < inserts.length; i++) table.free(inserts.at(i));
    this.#reset();
  }

  /** Leaves in the lists what is to be there, and disowns the inserted rows. */
  #compact(): void {
    const { table, inserts, deletes } = this;
    let kept = 0;
    for (let i = 0; i < inserts.length; i++) {
      const row = inserts.at(i);
      if (!table.isOwn(row)) continue; // deleted again, or met before
      table.disown(row);
      inserts.set(kept++, row);
    }
    inserts.truncate(kept);
    this.#deleted.closeGaps();
    this.isTruncated = deletes.length > 0 && table.rowCount === 0;
  }

  #reset(): void {
    this.table.disownAll();
    this.inserts.clear();
    this.#deleted.clear();
    this.isTruncated = false;
    this.isTouched = false;
    this.hasNewIndexes = false;
  }

  /** Checks a row, copies it in and fills its auto-increment columns. */
  #place(bytes: Uint8Array, start: number, end: number, generated: ByteWriter | undefined): RowPointer {
    const table = this.table;
    checkRow(table, bytes, start, end);
    const row = table.place(bytes, start, end);
    if (table.shape.sequences.length === 0 || this.#fill(table.bytes(row), table.start(row), generated)) return row;
    table.free(row);
    return SEQUENCE_EXHAUSTED;
  }

  /** Fills the auto-increment columns of a row; false if a sequence is exhausted. */
  #fill(bytes: Uint8Array, rowStart: number, generated: ByteWriter | undefined): boolean {
    const table = this.table;
    const sequences = table.shape.sequences;
    for (let i = 0; i < sequences.length; i++) {
      const sequence = sequences[i]!;
      const at = table.definition.row.columns[sequence.definition.column]!.start(bytes, rowStart); // checked by Sequence
      const outcome = sequence.fill(bytes, at);
      if (outcome === EXHAUSTED) return false;
      if (outcome !== FILLED) continue;
      if (sequence.isUnsaved) this.#unsaved.set(sequence, table);
      generated?.slice(bytes, at, at + sequence.columnBytes);
    }
    return true;
  }

  /** Counts a row as inserted, or as never deleted if it was at `position` of the deleted ones. */
  #enter(row: RowPointer, position: number): void {
    this.table.show(row, position < 0);
    if (position < 0) this.inserts.push(row);
    else this.#deleted.forget(position);
  }

  /** Counts a row as deleted, or as never inserted; no index knows it any more. */
  #leave(row: RowPointer): void {
    const table = this.table;
    if (!table.isOwn(row)) {
      table.hide(row);
      this.#deleted.push(row);
      return;
    }
    this.#forgetInsert(row);
    table.hide(row);
    const position = this.#deleted.findByPlace(row);
    if (position >= 0) this.#putBack(position, row);
    else table.free(row);
  }

  /** Keeps the list short where rows come and go; else `#compact` takes the row out. */
  #forgetInsert(row: RowPointer): void {
    const { inserts } = this;
    if (inserts.length > 0 && inserts.at(inserts.length - 1) === row) inserts.pop();
  }

  // ---- Updates in place ----

  /** Writes another row over a committed one, whose bytes are kept elsewhere. */
  #succeed(found: TableIndex, row: RowPointer, bytes: Uint8Array, start: number, end: number): void {
    const table = this.table;
    this.#deleted.push(table.place(table.bytes(row), table.start(row), table.end(row)), row);
    this.#rewrite(found, row, bytes, start, end);
    // Not before it is written: until then a capture may want the page as it was committed.
    table.own(row);
    this.inserts.push(row);
  }

  /** Writes another row over a visible one. Its key in the index `found` is the same; no unique index refuses it. */
  #rewrite(found: TableIndex, row: RowPointer, bytes: Uint8Array, start: number, end: number): void {
    const table = this.table;
    const indexes = table.shape.indexes;
    const stale = this.#stale;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]!;
      if (index === found || index.key.compareRows(table.bytes(row), table.start(row), bytes, start) === 0) continue;
      index.remove(row);
      stale.push(index);
    }
    table.rewrite(row, bytes, start, end);
    while (stale.length > 0) stale.pop()!.insert(row); // there is one: the length says so
  }

  /** The row at a position of the deleted ones was updated in place, and is to be there again. */
  #comeBack(found: TableIndex, row: RowPointer, position: number): void {
    const table = this.table;
    const kept = this.deletes.at(position);
    this.#rewrite(found, row, table.bytes(kept), table.start(kept), table.end(kept));
    this.#putBack(position, row);
    this.#deleted.forget(position);
    this.#forgetInsert(row);
    table.disown(row);
  }

  /** The row at a position of the deleted ones, in the place that it had before the transaction. */
  #inItsPlace(position: number): RowPointer {
    const table = this.table;
    const place = this.#deleted.place(position);
    if (place < 0) return this.deletes.at(position);
    // Its successor is another row now and goes elsewhere.
    table.unlink(place);
    const moved = table.place(table.bytes(place), table.start(place), table.end(place));
    table.link(moved);
    table.show(moved, true);
    this.inserts.push(moved);
    table.hide(place);
    this.#putBack(position, place);
    return place;
  }

  /** Puts the bytes of a deleted row back to its place, which nothing else needs. */
  #putBack(position: number, place: RowPointer): void {
    const table = this.table;
    const kept = this.deletes.at(position);
    table.rewrite(place, table.bytes(kept), table.start(kept), table.end(kept));
    table.free(kept);
    this.#deleted.restore(position, place);
  }

  // ---- Indexes ----

  /** Puts `row` in the place of `old` in all indexes; no unique one refuses it. */
  #relink(found: TableIndex, old: RowPointer, row: RowPointer): void {
    const table = this.table;
    const indexes = table.shape.indexes;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]!;
      if (index === found || this.#haveEqualKeys(index, old, row)) {
        index.replace(old, row);
      } else {
        index.remove(old);
        index.insert(row);
      }
    }
  }

  /** The table's own view of one of its unique indexes. */
  #uniqueIndex(wanted: Index): TableIndex {
    const indexes = this.table.shape.uniqueIndexes;
    for (let i = 0; i < indexes.length; i++) if (indexes[i] === wanted) return indexes[i]!;
    const { id, name } = wanted.definition;
    throw new StoreError('STORE_UNKNOWN_INDEX', `table ${this.table.definition.name} has no index ${name} (id ${id})`);
  }

  #haveEqualKeys(index: TableIndex, a: RowPointer, b: RowPointer): boolean {
    const table = this.table;
    return index.key.compareRows(table.bytes(a), table.start(a), table.bytes(b), table.start(b)) === 0;
  }

  /** The first unique index that has the row's key, not counting the row `except`. */
  #findViolatedIndex(bytes: Uint8Array, start: number, except: RowPointer): TableIndex | undefined {
    const indexes = this.table.shape.uniqueIndexes;
    for (let i = 0; i < indexes.length; i++) {
      const equal = indexes[i]!.findRow(bytes, start);
      if (equal >= 0 && equal !== except) return indexes[i]!;
    }
    return undefined;
  }

  /** An index has just refused the row. */
  #recordViolation(violation: UniqueViolation, row: RowPointer): void {
    const bytes = this.table.bytes(row);
    const start = this.table.start(row);
    violation.record(this.table, this.#findViolatedIndex(bytes, start, NO_ROW)!, bytes, start);
  }
}

/** @throws SatsError for bytes that are not exactly one row */
export function checkRow(table: Table, bytes: Uint8Array, start: number, end: number): void {
  const rowEnd = table.definition.row.validate(bytes, start, end);
  if (rowEnd !== end) {
    throw new SatsError(
      'SATS_TRAILING_BYTES',
      `${end - rowEnd} bytes are left over after a row of table ${table.definition.name}`,
    );
  }
}
