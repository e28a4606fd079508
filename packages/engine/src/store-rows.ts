import type { RowSource, RowVisitor } from '@lightcone/query';
import { NO_ROW, PointerList, type Store } from '@lightcone/store';
import type { Catalog } from './catalog.ts';

/** The rows of the store, as queries read them: the state of now, an open transaction's changes included. */
export class StoreRows implements RowSource {
  readonly #store: Store;
  readonly #catalog: Catalog;
  /** What the look-ups that are being visited have found: joins make one inside another. */
  readonly #found: PointerList[] = [];
  #depth = 0;

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  rowCount(tableId: number): number {
    return this.#store.table(tableId).rowCount;
  }

  scan(tableId: number, visitor: RowVisitor): void {
    const table = this.#store.table(tableId);
    for (let row = table.first(); row !== NO_ROW; row = table.next(row)) {
      if (!visitor.row(table.bytes(row), table.start(row), table.end(row))) return;
    }
  }

  seek(indexId: number, bytes: Uint8Array, start: number, end: number, visitor: RowVisitor): void {
    const entry = this.#catalog.findIndex(indexId);
    if (entry === undefined) throw new Error(`a plan names index ${indexId}, which is gone`);
    const { table, index } = entry;
    const found = (this.#found[this.#depth] ??= new PointerList());
    found.clear();
    index.seekPoint(bytes, start, end, found);
    this.#depth++;
    try {
      for (let i = 0; i < found.length; i++) {
        const row = found.at(i);
        if (!visitor.row(table.bytes(row), table.start(row), table.end(row))) return;
      }
    } finally {
      this.#depth--;
    }
  }

  contains(tableId: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#store.table(tableId).find(bytes, start, end) !== NO_ROW;
  }
}
