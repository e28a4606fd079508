import type { TableStatistics } from '@lightcone/query';
import type { Store, Table } from '@lightcone/store';
import type { Catalog, IndexEntry } from '../catalog.ts';

/** Keys are counted anew when a table has grown or shrunk by this part since the last time. */
const TOLERANCE = 0.2;
/** Of larger tables the keys of this many rows are counted, and the others taken to be like them. */
const MAX_COUNTED_ROWS = 100_000;

interface Counted {
  readonly table: Table;
  readonly rowCount: number;
  readonly keysPerRow: number;
}

/** What is known of the store's tables. Keys are counted when they are asked for, and remembered. */
export class IndexStatistics implements TableStatistics {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #countedByIndex = new Map<number, Counted>();

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  rowCount(tableId: number): number {
    return this.#store.table(tableId).rowCount;
  }

  distinctKeys(indexId: number): number {
    const entry = this.#catalog.findIndex(indexId);
    if (entry === undefined) throw new Error(`a plan names index ${indexId}, which is gone`);
    const { table, index } = entry;
    if (index.definition.isUnique) return table.rowCount;
    let counted = this.#countedByIndex.get(indexId);
    const drift = counted?.table === table ? Math.abs(counted.rowCount - table.rowCount) : Infinity;
    if (counted === undefined || drift > TOLERANCE * counted.rowCount) {
      counted = count(entry);
      this.#countedByIndex.set(indexId, counted);
    }
    return Math.ceil(counted.keysPerRow * table.rowCount);
  }
}

/** Counts hashes of keys: that two keys share one is rare enough for an estimate. */
function count({ table, index }: IndexEntry): Counted {
  const hashes = new Set<number>();
  let rows = 0;
  for (let row = table.first(); row >= 0 && rows < MAX_COUNTED_ROWS; row = table.next(row)) {
    hashes.add(index.key.hashRow(table.bytes(row), table.start(row)));
    rows++;
  }
  return { table, rowCount: table.rowCount, keysPerRow: rows === 0 ? 0 : hashes.size / rows };
}
