import type { TouchedTable } from '@lightcone/store';
import { PointWatchers } from '../point-watchers.ts';
import type { ReadSet } from './read-set.ts';

/** Who reads a table. */
interface TableReaders<Reader> {
  readonly whole: Set<Reader>;
  readonly points: PointWatchers<Reader>;
}

/**
 * Read sets by what they are of: says who has read something that a transaction changed, with one
 * look-up for each changed row and each index by which its table is read.
 */
export class ReaderIndex<Reader> {
  readonly #tables = new Map<number, TableReaders<Reader>>();

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  add(reader: Reader, reads: ReadSet): void {
    for (const tableId of reads.tables) this.#mustFind(tableId).whole.add(reader);
    for (const [tableId, points] of reads.points) {
      const table = this.#mustFind(tableId);
      for (const { type, hash, key } of points) table.points.add(type, hash, key, reader);
    }
  }

  /** Takes back what `add` did. */
  remove(reader: Reader, reads: ReadSet): void {
    for (const tableId of reads.tables) {
      const table = this.#mustFind(tableId);
      table.whole.delete(reader);
      this.#forgetUnread(tableId, table);
    }
    for (const [tableId, points] of reads.points) {
      const table = this.#mustFind(tableId);
      for (const { type, hash, key } of points) table.points.remove(type, hash, key, reader);
      this.#forgetUnread(tableId, table);
    }
  }

  /** Adds those to `found` who have read what the open transaction changed in a table. */
  collect(touched: TouchedTable, found: Set<Reader>): void {
    const readers = this.#tables.get(touched.table.definition.id);
    if (readers === undefined) return;
    const { table, inserts, deletes } = touched.settle();
    if (inserts.length + deletes.length === 0) return;
    for (const reader of readers.whole) found.add(reader);
    if (readers.points.isEmpty) return;
    const addAll = (pointReaders: ReadonlySet<Reader>): void => {
      for (const reader of pointReaders) found.add(reader);
    };
    readers.points.visitOfRows(table, inserts, addAll);
    readers.points.visitOfRows(table, deletes, addAll);
  }

  #mustFind(tableId: number): TableReaders<Reader> {
    let readers = this.#tables.get(tableId);
    if (readers === undefined) this.#tables.set(tableId, (readers = { whole: new Set(), points: new PointWatchers() }));
    return readers;
  }

  #forgetUnread(tableId: number, { whole, points }: TableReaders<Reader>): void {
    if (whole.size === 0 && points.isEmpty) this.#tables.delete(tableId);
  }
}
