import { type ByteWriter, SatsError, hashBytes } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import { HashedPointers } from './hashed-pointers.ts';
import { PointerList } from './pointer-list.ts';
import {
  INDEX_NOT_UNIQUE,
  NO_ROW,
  NO_SUCH_ROW,
  type RowPointer,
  SEQUENCE_EXHAUSTED,
  UNIQUE_VIOLATION,
} from './row-pointer.ts';
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
 */
export class TableChanges implements TableDelta, TouchedTable {
  readonly table: Table;
  /** While the transaction is open: also rows that were deleted again, and their successors at the same place. */
  readonly inserts: PointerList = new PointerList();
  /** While the transaction is open: NO_ROW in the place of rows that came back. */
  readonly deletes: PointerList = new PointerList();
  isTruncated = false;
  /** Whether the transaction has met this table. */
  isTouched = false;
  /** Whether the table got indexes after rows of it were changed: keys that are unique now may not have been before. */
  hasNewIndexes = false;
  readonly #unsaved: Map<Sequence, Table>;
  /** Entries of `deletes` that are rows. */
  #deletedCount = 0;
  /** Positions in `deletes` by the hash of the row; the first `#hashedCount` of them. */
  readonly #deletedByHash = new HashedPointers();
  #hashedCount = 0;

  constructor(table: Table, unsaved: Map<Sequence, Table>) {
    this.table = table;
    this.#unsaved = unsaved;
  }

  /** Memory of the bookkeeping, in bytes. */
  get byteSize(): number {
    return this.inserts.byteSize + this.deletes.byteSize + this.#deletedByHash.byteSize;
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

    const position = this.#findDeleted(placed);
    let row = placed;
    if (position >= 0) {
      table.free(placed);
      row = this.deletes.at(position);
    }
    const conflict = table.link(row);
    if (conflict >= 0) {
      // Had the row itself been deleted, no identical one could be visible.
      const isSame = position < 0 && table.equals(conflict, table.bytes(row), table.start(row), table.end(row));
      if (!isSame) violation.record(table, this.#violatedIndex(row, NO_ROW), row);
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
      violation.record(table, this.#violatedIndex(row, NO_ROW), row);
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
    const placed = this.#place(bytes, start, end, generated);
    if (placed < 0) return placed;

    const page = table.bytes(placed);
    const rowStart = table.start(placed);
    const old = index.findRow(page, rowStart);
    if (old < 0 || table.equals(old, page, rowStart, table.end(placed))) {
      table.free(placed);
      return old < 0 ? NO_SUCH_ROW : old;
    }
    if (table.shape.uniqueIndexes.length > 1) {
      const violated = this.#findViolatedIndex(placed, old);
      if (violated !== undefined) {
        violation.record(table, violated, placed);
        table.free(placed);
        return UNIQUE_VIOLATION;
      }
    }
    // A committed row was the only one with its key before the transaction, so no deleted row has that key.
    const position = table.isOwn(old) || this.hasNewIndexes ? this.#findDeleted(placed) : -1;
    let row = placed;
    if (position >= 0) {
      table.free(placed);
      row = this.deletes.at(position);
    }
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
    for (let i = 0; i < inserts.length; i++) {
      const row = inserts.at(i);
      if (!table.isOwn(row)) continue;
      table.unlink(row);
      table.hide(row);
      table.free(row);
    }
    for (let i = 0; i < deletes.length; i++) {
      const row = deletes.at(i);
      if (row < 0) continue;
      table.link(row);
      table.show(row, false);
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
    if (this.#deletedCount < deletes.length) this.#closeGaps();
    this.isTruncated = deletes.length > 0 && table.rowCount === 0;
  }

  #closeGaps(): void {
    const { deletes } = this;
    let kept = 0;
    for (let i = 0; i < deletes.length; i++) if (deletes.at(i) >= 0) deletes.set(kept++, deletes.at(i));
    deletes.truncate(kept);
    // The hashed positions are those of before.
    if (this.#hashedCount > 0) this.#deletedByHash.clear();
    this.#hashedCount = 0;
  }

  #reset(): void {
    this.inserts.clear();
    this.deletes.clear();
    this.#deletedCount = 0;
    if (this.#hashedCount > 0) this.#deletedByHash.clear();
    this.#hashedCount = 0;
    this.isTruncated = false;
    this.isTouched = false;
    this.hasNewIndexes = false;
  }

  /** Checks a row, copies it in and fills its auto-increment columns. */
  #place(bytes: Uint8Array, start: number, end: number, generated: ByteWriter | undefined): RowPointer {
    const table = this.table;
    checkRow(table, bytes, start, end);
    const row = table.place(bytes, start, end);
    const sequences = table.shape.sequences;
    if (sequences.length === 0) return row;

    const page = table.bytes(row);
    const rowStart = table.start(row);
    for (let i = 0; i < sequences.length; i++) {
      const sequence = sequences[i]!;
      const at = table.definition.row.columns[sequence.definition.column]!.start(page, rowStart); // checked by Sequence
      const outcome = sequence.fill(page, at);
      if (outcome === EXHAUSTED) {
        table.free(row);
        return SEQUENCE_EXHAUSTED;
      }
      if (outcome !== FILLED) continue;
      if (sequence.isUnsaved) this.#unsaved.set(sequence, table);
      generated?.slice(page, at, at + sequence.columnBytes);
    }
    return row;
  }

  /** Counts a row as inserted, or as never deleted if it was at `position` of the deleted ones. */
  #enter(row: RowPointer, position: number): void {
    this.table.show(row, position < 0);
    if (position < 0) this.inserts.push(row);
    else this.#forgetDeleted(row, position);
  }

  /** Takes a row that came back out of the deleted ones. */
  #forgetDeleted(row: RowPointer, position: number): void {
    const { table, deletes } = this;
    this.#deletedCount--;
    if (position < this.#hashedCount) {
      const hash = hashBytes(table.bytes(row), table.start(row), table.end(row));
      this.#deletedByHash.removeAt(this.#deletedByHash.find(hash, position));
    }
    deletes.set(position, NO_ROW);
    if (position === deletes.length - 1) deletes.pop();
    this.#hashedCount = Math.min(this.#hashedCount, deletes.length);
  }

  /** Counts a row as deleted, or as never inserted; no index knows it any more. */
  #leave(row: RowPointer): void {
    const table = this.table;
    const { inserts } = this;
    const isOwn = table.isOwn(row);
    table.hide(row);
    if (!isOwn) {
      this.deletes.push(row);
      this.#deletedCount++;
      return;
    }
    // Keeps the list short where rows come and go.
    if (inserts.length > 0 && inserts.at(inserts.length - 1) === row) inserts.pop();
    table.free(row);
  }

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

  /** The first unique index that has the row's key, not counting `except`. */
  #findViolatedIndex(row: RowPointer, except: RowPointer): TableIndex | undefined {
    const table = this.table;
    const indexes = table.shape.uniqueIndexes;
    for (let i = 0; i < indexes.length; i++) {
      const equal = indexes[i]!.findRow(table.bytes(row), table.start(row));
      if (equal >= 0 && equal !== except) return indexes[i]!;
    }
    return undefined;
  }

  #violatedIndex(row: RowPointer, except: RowPointer): TableIndex {
    return this.#findViolatedIndex(row, except)!; // an index has just refused the row
  }

  /** The position of an identical deleted row in `deletes`, or -1. */
  #findDeleted(row: RowPointer): number {
    if (this.#deletedCount === 0) return -1;
    const { table, deletes } = this;
    const bytes = table.bytes(row);
    const start = table.start(row);
    const end = table.end(row);
    if (deletes.length <= MAX_COMPARED_ONE_BY_ONE) {
      for (let i = 0; i < deletes.length; i++) {
        if (deletes.at(i) >= 0 && table.equals(deletes.at(i), bytes, start, end)) return i;
      }
      return -1;
    }
    this.#hashDeleted();
    const byHash = this.#deletedByHash;
    for (let slot = byHash.first(hashBytes(bytes, start, end)); slot >= 0; slot = byHash.next(slot)) {
      const deleted = deletes.at(byHash.at(slot));
      if (deleted >= 0 && table.equals(deleted, bytes, start, end)) return byHash.at(slot);
    }
    return -1;
  }

  /** Takes the rows into the hash table that were deleted since the last time. */
  #hashDeleted(): void {
    const { table, deletes } = this;
    for (; this.#hashedCount < deletes.length; this.#hashedCount++) {
      const row = deletes.at(this.#hashedCount);
      if (row < 0) continue;
      this.#deletedByHash.add(hashBytes(table.bytes(row), table.start(row), table.end(row)), this.#hashedCount);
    }
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

const MAX_COMPARED_ONE_BY_ONE = 8;
