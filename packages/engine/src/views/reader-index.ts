import type { PointerList, Table, TouchedTable } from '@lightcone/store';
import { PointMap } from './point-map.ts';
import type { ReadSet } from './read-set.ts';

/** Who reads a table. */
interface TableReaders<Reader> {
  readonly whole: Set<Reader>;
  readonly points: PointMap<Set<Reader>>;
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
      for (const { type, hash, key } of points) {
        const known = table.points.find(type, hash, key, 0, key.length);
        if (known === undefined) table.points.add({ type, hash, key, value: new Set([reader]) });
        else known.value.add(reader);
      }
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
      for (const { type, hash, key } of points) {
        const known = table.points.find(type, hash, key, 0, key.length)!; // `add` has put it there
        known.value.delete(reader);
        if (known.value.size === 0) table.points.delete(known);
      }
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
    const addAll = (pointReaders: Set<Reader>): void => {
      for (const reader of pointReaders) found.add(reader);
    };
    visitValuesOf(readers.points, table, inserts, addAll);
    visitValuesOf(readers.points, table, deletes, addAll);
  }

  #mustFind(tableId: number): TableReaders<Reader> {
    let readers = this.#tables.get(tableId);
    if (readers === undefined) this.#tables.set(tableId, (readers = { whole: new Set(), points: new PointMap() }));
    return readers;
  }

  #forgetUnread(tableId: number, { whole, points }: TableReaders<Reader>): void {
    if (whole.size === 0 && points.isEmpty) this.#tables.delete(tableId);
  }
}

function visitValuesOf<Value>(
  points: PointMap<Value>,
  table: Table,
  rows: PointerList,
  visit: (value: Value) => void,
): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows.at(i);
    points.visitValuesOf(table.bytes(row), table.start(row), visit);
  }
}
