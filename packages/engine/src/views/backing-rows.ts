import { ByteWriter } from '@lightcone/sats';
import { PointerList, type Store, type Table, type Transaction } from '@lightcone/store';

/**
 * The rows of one instance of a view in the table that its view's rows are kept in, being replaced:
 *
 *     begin ─ row … ─ end
 *
 * Rows that are there already stay, so that only what differs shows in the transaction's delta.
 */
export class BackingRows {
  readonly #store: Store;
  readonly #row = new ByteWriter();
  readonly #before = new PointerList();
  readonly #kept = new Set<number>();
  #transaction: Transaction | undefined;
  #table: Table | undefined;
  #prefixLength = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param argHash the first column of the instance's rows */
  begin(transaction: Transaction, tableId: number, argHash: Uint8Array): void {
    this.#transaction = transaction;
    this.#table = this.#store.table(tableId);
    this.#before.clear();
    // The table of a view has this one index.
    this.#table.indexes[0]!.seekPoint(argHash, 0, argHash.length, this.#before);
    this.#kept.clear();
    this.#row.reset();
    this.#row.raw(argHash);
    this.#prefixLength = this.#row.length;
  }

  /** Takes a valid row at `bytes[start..end]`, without the hidden column. One that came before changes nothing. */
  row(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#row;
    const table = this.#table!; // between begin and end
    row.truncate(this.#prefixLength);
    row.slice(bytes, start, end);
    const same = table.find(row.bytes, 0, row.length);
    if (same >= 0) this.#kept.add(same);
    // No constraint can refuse it: the table has none.
    else this.#transaction!.insert(table, row.bytes, 0, row.length);
  }

  /** Deletes the rows of before that did not come again. */
  end(): void {
    const before = this.#before;
    for (let i = 0; i < before.length; i++) {
      if (!this.#kept.has(before.at(i))) this.#transaction!.delete(this.#table!, before.at(i));
    }
    this.#kept.clear();
    this.#transaction = undefined;
    this.#table = undefined;
  }
}
