import { StoreError } from './errors.ts';
import { Replay } from './replay.ts';
import type { Sequence } from './sequence.ts';
import type { Table } from './table.ts';
import { type SaveSequence, Transaction } from './transaction.ts';

/** All tables of one database, in memory. One transaction is open at a time, and reads see its writes. */
export class Store {
  readonly #tables = new Map<number, Table>();
  /** Sequences whose boundary moved and is not saved. */
  readonly #unsaved = new Map<Sequence, Table>();
  readonly #transaction: Transaction;
  #isReplaying = false;

  /** @param saveSequence called by commits; without it sequences start anew with their definition */
  constructor(saveSequence?: SaveSequence) {
    this.#transaction = new Transaction(this.#tables, this.#unsaved, saveSequence);
  }

  /** By id. */
  get tables(): ReadonlyMap<number, Table> {
    return this.#tables;
  }

  /** @throws StoreError `STORE_UNKNOWN_TABLE` */
  table(id: number): Table {
    const table = this.#tables.get(id);
    if (table === undefined) throw new StoreError('STORE_UNKNOWN_TABLE', `there is no table with id ${id}`);
    return table;
  }

  /** Memory of all tables in bytes. */
  get byteSize(): number {
    let total = 0;
    for (const table of this.#tables.values()) total += table.byteSize;
    return total;
  }

  /**
   * Whether a transaction that was rolled back has moved the boundary of a sequence. The next commit
   * saves it, even one without changes.
   */
  get hasUnsavedSequences(): boolean {
    return this.#unsaved.size > 0;
  }

  /**
   * Opens a transaction and releases the delta of the one before.
   * @throws StoreError `STORE_TRANSACTION_OPEN`, `STORE_REPLAY_RUNNING`
   */
  begin(): Transaction {
    this.mustBeIdle();
    this.#transaction.open();
    return this.#transaction;
  }

  /** Starts to load rows without transactions. @throws StoreError as `begin` */
  replay(): Replay {
    this.mustBeIdle();
    this.#isReplaying = true;
    return new Replay(this.#tables, this.#unsaved, () => {
      this.#isReplaying = false;
    });
  }

  /** @internal @throws StoreError `STORE_TRANSACTION_OPEN`, `STORE_REPLAY_RUNNING` */
  mustBeIdle(): void {
    if (this.#transaction.isOpen)
      throw new StoreError('STORE_TRANSACTION_OPEN', 'a transaction is open: commit it or roll it back first');
    if (this.#isReplaying)
      throw new StoreError('STORE_REPLAY_RUNNING', 'rows are being replayed: finish the replay first');
  }
}
