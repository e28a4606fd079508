import { type RowType, SatsError, equalBytes } from '@lightcone/sats';
import type { BitSet } from './bit-set.ts';
import { copyBytes } from './copy-bytes.ts';
import type { TableDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';
import type { PageImage } from './page-image.ts';
import { PageMarks, SAVED } from './page-marks.ts';
import type { PointerList } from './pointer-list.ts';
import { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import { TableChanges } from './table-changes.ts';
import type { Sequence } from './sequence.ts';
import { SparseBitSet } from './sparse-bit-set.ts';
import type { Index, TableIndex } from './table-index.ts';
import { type TableShape, bareShapeOf, replayShapeOf, shapeOf } from './table-shape.ts';
import { UniqueViolation } from './unique-violation.ts';

/**
 * The rows of one table, with its indexes.
 *
 * What is seen is the state within the open transaction. The bytes of a row stay where they are and
 * as they are for as long as its pointer is valid and it is not updated. Those of a deleted row can be read until the
 * transaction's delta is released. An update mostly leaves the new row in the place of the old one.
 */
export class Table {
  /** What the open transaction did to this table. */
  readonly changes: TableChanges;
  /** @internal Which pages changed since they were saved last. */
  readonly pageMarks: PageMarks = new PageMarks();
  readonly #rows: RowPages;
  readonly #pageShift: number;
  readonly #visible: BitSet;
  /** The visible rows that the open transaction inserted. */
  readonly #own = new SparseBitSet();
  #pointerLimit = 0;
  #rowCount = 0;
  /** Rows that committed transactions inserted and deleted since the table was made here. */
  rowsInserted = 0;
  rowsDeleted = 0;
  #shape: TableShape;

  /** @param sequences those of a table in whose place this one is put */
  constructor(definition: TableDefinition, unsaved: Map<Sequence, Table>, sequences: readonly Sequence[] = []) {
    this.#rows = new RowPages(definition.row.staticSize);
    this.#visible = this.#rows.visible;
    this.#pageShift = this.#rows.pageShift;
    this.#shape = shapeOf(definition, this.#rows, { indexes: [], rowSet: undefined, sequences });
    this.changes = new TableChanges(this, this.#rows, unsaved);
  }

  get definition(): TableDefinition {
    return this.#shape.definition;
  }

  /** Visible rows. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Memory held, in bytes: pages of rows (full or not), bookkeeping and indexes. */
  get byteSize(): number {
    let total = this.#rows.byteSize + this.#visible.byteSize + this.#own.byteSize + this.changes.byteSize;
    for (const link of this.#shape.links) total += link.byteSize;
    return total;
  }

  /** The indexes: unique ones first, else as defined. */
  get indexes(): readonly Index[] {
    return this.#shape.indexes;
  }

  /** @throws StoreError `STORE_UNKNOWN_INDEX` */
  index(id: number): Index {
    for (const index of this.#shape.indexes) if (index.definition.id === id) return index;
    throw new StoreError('STORE_UNKNOWN_INDEX', `table ${this.definition.name} has no index with id ${id}`);
  }

  /**
   * The first visible row, or NO_ROW. Committed rows come first, then those that the open transaction
   * inserted or updated in place; both in the order of places, which is that of insertion as long as no space of deleted
   * rows is used again.
   *
   * A scan must not be continued after the table was changed: collect the pointers first.
   */
  first(): RowPointer {
    return this.#nextCommitted(0);
  }

  /** The visible row after `row`, or NO_ROW. */
  next(row: RowPointer): RowPointer {
    return this.#own.has(row) ? this.#own.next(row + 1) : this.#nextCommitted(row + 1);
  }

  /**
   * The last of the rows that a scan meets from `row` on and whose bytes lie side by side: `next` follows it by adding 1, up
   * to the one that is returned. Rows that vary in size are alone.
   */
  lastOfRun(row: RowPointer): RowPointer {
    if (!this.#rows.isDense || this.#own.has(row)) return row;
    return this.#visible.gap(row + 1, this.#rows.pageEnd(row), this.#own) - 1;
  }

  /** Appends all visible rows to `out`, in the order of a scan. */
  collect(out: PointerList): void {
    for (let row = this.first(); row >= 0; row = this.next(row)) out.push(row);
  }

  /** The memory that holds a row, until rows are added; never to be written to. */
  bytes(row: RowPointer): Uint8Array {
    return this.#rows.bytes(row);
  }

  /** Where a row starts in `bytes(row)`. */
  start(row: RowPointer): number {
    return this.#rows.start(row);
  }

  /** Where a row ends in `bytes(row)`. */
  end(row: RowPointer): number {
    return this.#rows.start(row) + this.#rows.length(row);
  }

  /** The visible row with exactly these bytes, which are a valid row; or NO_ROW. */
  find(bytes: Uint8Array, start: number, end: number): RowPointer {
    const { rowSet, uniqueIndexes } = this.#shape;
    if (rowSet !== undefined) return rowSet.find(bytes, start, end);
    const row = uniqueIndexes[0]!.findRow(bytes, start); // a shape has a row set or a unique index
    return row >= 0 && this.equals(row, bytes, start, end) ? row : NO_ROW;
  }

  #nextCommitted(from: RowPointer): RowPointer {
    const row = this.#visible.next(from, this.#own);
    if (row >= 0 || this.changes.inserts.length === 0) return row;
    return this.#own.next(0);
  }

  // ---- For transactions and replay ----

  /** @internal */
  get shape(): TableShape {
    return this.#shape;
  }

  /** @internal Copies a row in. It is not visible, and no index knows it. */
  place(bytes: Uint8Array, start: number, end: number): RowPointer {
    const row = this.#rows.allocate(end - start);
    if (this.#rows.pointerLimit !== this.#pointerLimit) this.#reserve();
    copyBytes(this.#rows.bytes(row), this.#rows.start(row), bytes, start, end);
    return row;
  }

  /** @internal Gives the space of a row back that is not visible. */
  free(row: RowPointer): void {
    this.#rows.free(row);
  }

  /** @internal Whether a row of `length` bytes can be written over one that is there. */
  fits(row: RowPointer, length: number): boolean {
    return this.#rows.fits(row, length);
  }

  /** @internal Writes a row over one that is there. */
  rewrite(row: RowPointer, bytes: Uint8Array, start: number, end: number): void {
    this.pageMarks.beforeChange(row >>> this.#pageShift);
    this.#rows.rewrite(row, bytes, start, end);
  }

  /** @internal Whether a row has exactly these bytes. */
  equals(row: RowPointer, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    return (
      this.#rows.length(row) === length &&
      equalBytes(this.#rows.bytes(row), this.#rows.start(row), bytes, start, length)
    );
  }

  /** @internal */
  isVisible(row: RowPointer): boolean {
    return this.#rows.isVisible(row);
  }

  /** @internal Whether a visible row was inserted by the open transaction. */
  isOwn(row: RowPointer): boolean {
    return this.#own.has(row);
  }

  /** @internal Makes a row visible; the indexes know it already. */
  show(row: RowPointer, isOwn: boolean): void {
    this.pageMarks.beforeChange(row >>> this.#pageShift);
    this.#visible.add(row);
    if (isOwn) this.#own.add(row);
    this.#rowCount++;
  }

  /** @internal Makes a row invisible. */
  hide(row: RowPointer): void {
    this.pageMarks.beforeChange(row >>> this.#pageShift);
    this.#visible.delete(row);
    this.#own.delete(row);
    this.#rowCount--;
  }

  /** @internal A visible row is one that the open transaction inserted, or put over a committed one. */
  own(row: RowPointer): void {
    this.#own.add(row);
  }

  /** @internal A visible row is a committed one again. */
  disown(row: RowPointer): void {
    this.#own.delete(row);
  }

  /** @internal The transaction is over: all its rows are committed ones. */
  disownAll(): void {
    this.#own.clear();
  }

  /**
   * @internal Adds a row to all indexes.
   * @returns NO_ROW, or the row whose equal key forbids it; then no index was changed
   */
  link(row: RowPointer): RowPointer {
    const links = this.#shape.links;
    for (let i = 0; i < links.length; i++) {
      const conflict = links[i]!.insert(row);
      if (conflict >= 0) {
        while (--i >= 0) links[i]!.remove(row);
        return conflict;
      }
    }
    return NO_ROW;
  }

  /** @internal Removes a row from all indexes. */
  unlink(row: RowPointer): void {
    const links = this.#shape.links;
    for (let i = 0; i < links.length; i++) links[i]!.remove(row);
  }

  /** @internal Empties all indexes. */
  unlinkAll(): void {
    for (const link of this.#shape.links) link.clear();
  }

  /**
   * @internal Changes what the table is. Indexes that are new in `shape` are filled with the rows.
   * @throws StoreError `STORE_UNIQUE_VIOLATION`; then nothing has changed
   */
  reshape(shape: TableShape): void {
    const known = this.#shape.links;
    for (const link of shape.links) {
      if (known.includes(link)) continue;
      if (this.changes.isTouched) this.changes.hasNewIndexes = true;
      link.clear(this.#rowCount); // it may have been in use before
      for (let row = this.first(); row >= 0; row = this.next(row)) {
        if (link.insert(row) < 0) continue;
        throw this.#violation(
          shape.uniqueIndexes.find((index) => index === link),
          row,
        );
      }
    }
    this.#shape = shape;
  }

  /**
   * @internal Copies the visible rows of `from` in, as committed ones.
   * @throws StoreError `STORE_INVALID_DEFINITION` for a row that is not of this table's type, `STORE_UNIQUE_VIOLATION`
   */
  takeRows(from: Table): void {
    const { row: type, name } = this.definition;
    for (let old = from.first(); old >= 0; old = from.next(old)) {
      const bytes = from.bytes(old);
      const start = from.start(old);
      const end = from.end(old);
      if (!isRow(type, bytes, start, end)) {
        throw new StoreError(
          'STORE_INVALID_DEFINITION',
          `table ${name}: a row that is there is not of the new row type, so that type cannot be given to it`,
        );
      }
      const row = this.place(bytes, start, end);
      if (this.link(row) >= 0) {
        const { uniqueIndexes } = this.#shape;
        throw this.#violation(
          uniqueIndexes.find((index) => index.findRow(this.bytes(row), this.start(row)) >= 0),
          row,
        );
      }
      this.show(row, false);
    }
  }

  /** @internal The shape for another definition, with the indexes that both have. */
  shapeFor(definition: TableDefinition): TableShape {
    return shapeOf(definition, this.#rows, this.#shape);
  }

  /** @internal The shape of a table whose pages were filled and whose rows nobody has looked for yet: no links. */
  bareShapeFor(definition: TableDefinition): TableShape {
    return bareShapeOf(definition);
  }

  /** @internal The shape for replay. */
  replayShapeFor(definition: TableDefinition): TableShape {
    return replayShapeOf(definition, this.#rows, this.#shape);
  }

  /** @internal */
  get pageCount(): number {
    return this.#rows.pageCount;
  }

  /** @internal Reads the visible rows of a page. No row of the open transaction is among them. */
  readPage(page: number, image: PageImage): void {
    const rows = this.#rows;
    const visible = this.#visible;
    const first = page << this.#pageShift;
    const limit = first + (1 << this.#pageShift);
    image.begin(rows.pageBytes(page));
    let row = visible.nextBelow(first, limit);
    if (row < 0) return;
    if (rows.isOfOneRow(page)) {
      image.bytes = rows.bytes(row);
      image.start = rows.start(row);
      image.end = this.end(row);
      image.rowCount = 1;
      image.isImmutable = true;
      return;
    }
    if (rows.hasFixedSize) this.#readRuns(row, limit, image);
    else this.#readBlocks(row, limit, image);
  }

  /** Rows that lie side by side are copied together; a page that is one run is not copied at all. */
  #readRuns(first: RowPointer, limit: number, image: PageImage): void {
    const rows = this.#rows;
    const visible = this.#visible;
    const bytes = rows.bytes(first);
    const rowBytes = rows.length(first);
    let runEnd = visible.gap(first, limit, this.#own);
    let next = visible.nextBelow(runEnd, limit);
    if (next < 0) {
      image.bytes = bytes;
      image.start = rows.start(first);
      image.end = image.start + (runEnd - first) * rowBytes;
      image.rowCount = runEnd - first;
      return;
    }
    for (let run = first; run >= 0; run = next) {
      runEnd = visible.gap(run, limit, this.#own);
      next = visible.nextBelow(runEnd, limit);
      const start = rows.start(run);
      const length = (runEnd - run) * rowBytes;
      copyBytes(image.bytes, image.end, bytes, start, start + length);
      image.end += length;
      image.rowCount += runEnd - run;
    }
  }

  #readBlocks(first: RowPointer, limit: number, image: PageImage): void {
    const rows = this.#rows;
    const bytes = rows.bytes(first);
    for (let row = first; row >= 0; row = this.#visible.nextBelow(row + 1, limit)) {
      const start = rows.start(row);
      const length = rows.length(row);
      copyBytes(image.bytes, image.end, bytes, start, start + length);
      image.end += length;
      image.rowCount++;
    }
  }

  /** @internal Makes room for pages in a table without rows. @throws StoreError `STORE_TABLE_FULL` */
  reservePages(count: number): void {
    this.#rows.reservePages(count);
    this.#reserve();
  }

  /**
   * @internal Fills a reserved page with rows, which are committed ones. No index knows them.
   * @param room overwritten
   * @throws StoreError `STORE_INVALID_PAGE`; SatsError for what is not exactly so many rows
   */
  fillPage(page: number, bytes: Uint8Array, start: number, end: number, rowCount: number, room: PageRoom): void {
    const { ends, rows } = room;
    ends.clear();
    rows.clear();
    const { row: type, name } = this.definition;
    if (rowCount > 1 << this.#pageShift) {
      throw new StoreError('STORE_INVALID_PAGE', `table ${name}: no page has room for ${rowCount} rows`);
    }
    let at = start;
    for (let i = 0; i < rowCount; i++) {
      at = type.validate(bytes, at, end);
      ends.push(at);
    }
    if (at !== end) {
      const message = `table ${name}: ${rowCount} rows of a page end ${end - at} bytes before the page`;
      throw new StoreError('STORE_INVALID_PAGE', message);
    }
    this.#rows.fill(page, bytes, start, ends, rows);
    for (let i = 0; i < rows.length; i++) this.#visible.add(rows.at(i));
    this.#rowCount += rowCount;
    this.pageMarks.set(page, SAVED);
  }

  #reserve(): void {
    this.#pointerLimit = this.#rows.pointerLimit;
    this.#visible.reserve(this.#pointerLimit);
    this.#own.reserve(this.#pointerLimit);
    this.pageMarks.reserve(this.#rows.pageCount);
  }

  #violation(index: TableIndex | undefined, row: RowPointer): StoreError {
    const violation = new UniqueViolation();
    if (index !== undefined) violation.record(this, index, this.bytes(row), this.start(row));
    return new StoreError('STORE_UNIQUE_VIOLATION', violation.message());
  }

  /** @internal Forgets indexes that `shape` does not have, and stops keeping them up to date. */
  forgetLinksNotIn(shape: TableShape): void {
    this.#shape = { ...this.#shape, links: this.#shape.links.filter((link) => shape.links.includes(link)) };
  }
}

/** Lists that are used again for each page that is filled. */
export interface PageRoom {
  readonly ends: PointerList;
  readonly rows: PointerList;
}

function isRow(type: RowType, bytes: Uint8Array, start: number, end: number): boolean {
  try {
    return type.validate(bytes, start, end) === end;
  } catch (error) {
    if (error instanceof SatsError) return false;
    throw error;
  }
}
