import type { CommitLog } from '@lightcone/commitlog';
import { ByteWriter } from '@lightcone/sats';
import type { Store, TableDelta, Transaction, TransactionDelta } from '@lightcone/store';
import type { Client } from './client.ts';
import { EngineError, logFailure } from './errors.ts';
import type { Outbox } from './outbox.ts';
import type { TransactionOrigin } from './connection/wire.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';
import type { LiveViews, OnViewFailure } from './views/live-views.ts';
import { type TransactionInputs, recordedBytesAtMost, writeTransactionRecord } from './transaction-record.ts';

/** Learns of a transaction behind the subscriptions: its delta, and the reducer call that it was, if it was one. */
export type OnCommitted = (delta: TransactionDelta, inputs: TransactionInputs | undefined) => void;

/**
 * The one place where a transaction ends: the views that it concerns are brought up to date in it, the
 * store applies it, the log gets its record, the subscriptions and the scheduler learn of it, in this
 * order and with nothing in between.
 *
 *     begin ─ … ─ commit ─ (the caller's answer) ─ publish
 *             └── rollback
 */
export class Transactions {
  readonly #store: Store;
  readonly #log: CommitLog | undefined;
  readonly #noteTime: ((txOffset: number) => void) | undefined;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #views: LiveViews;
  readonly #onCommitted: OnCommitted;
  readonly #record = new ByteWriter(4096);
  #delta: TransactionDelta | undefined;
  /** Of the transaction that was committed last; one object for all. */
  readonly #origin: { inputs: TransactionInputs | undefined; requestId: number } & TransactionOrigin = {
    inputs: undefined,
    requestId: 0,
  };
  #lastTxOffset: number;
  #loggedBytes = 0;

  /** @param noteTime takes the transactions whose records do not say when they were */
  constructor(
    store: Store,
    log: CommitLog | undefined,
    noteTime: ((txOffset: number) => void) | undefined,
    outbox: Outbox,
    subscriptions: Subscriptions,
    views: LiveViews,
    onCommitted: OnCommitted,
  ) {
    this.#store = store;
    this.#log = log;
    this.#noteTime = noteTime;
    this.#outbox = outbox;
    this.#subscriptions = subscriptions;
    this.#views = views;
    this.#onCommitted = onCommitted;
    this.#lastTxOffset = (log?.nextTxOffset ?? 0) - 1;
  }

  /** Offset of the last transaction that changed something; -1 before the first. */
  get lastTxOffset(): number {
    return this.#lastTxOffset;
  }

  /** Bytes of the records that the log got. */
  get loggedBytes(): number {
    return this.#loggedBytes;
  }

  /** @throws EngineError `ENGINE_LOG_FAILED`, `ENGINE_DISK_FULL` */
  begin(): Transaction {
    // Found out before anything happens: what the log cannot take must not be seen by anyone.
    if (this.#log?.failure !== undefined) throw logFailure(this.#log.failure);
    const transaction = this.#store.begin();
    this.#views.begun();
    return transaction;
  }

  /**
   * Commits, logs and evaluates. The clients hear of it from `publish`, which must follow; between
   * the two the caller's answer is written, which carries its own updates.
   * @param inputs the reducer call, or undefined for what no reducer did
   * @param onViewFailure `emptyView` for what has to happen whatever the module does; it is not refused for want of room
   *   either, unless the disk was full when the log was opened
   * @returns whether anything that the log keeps was changed
   * @throws EngineError `ENGINE_VIEW_FAILED`, `ENGINE_DISK_FULL`, and the transaction is rolled back
   */
  commit(
    transaction: Transaction,
    inputs: TransactionInputs | undefined,
    onViewFailure: OnViewFailure = 'failTransaction',
  ): boolean {
    try {
      this.prepare(transaction, inputs, onViewFailure);
    } catch (error) {
      transaction.rollback();
      throw error;
    }
    return this.commitPrepared(transaction, inputs);
  }

  /**
   * The first part of `commit`, with all that may refuse the transaction, for those who have something to do before the
   * rest of it, `commitPrepared`. No row may change in between.
   * @throws as `commit` does; the transaction must be rolled back then
   */
  prepare(
    transaction: Transaction,
    inputs: TransactionInputs | undefined,
    onViewFailure: OnViewFailure = 'failTransaction',
  ): void {
    this.#views.refresh(transaction, onViewFailure);
    this.#refuseWithoutRoom(transaction, inputs, onViewFailure === 'emptyView');
  }

  /** The rest of `commit`. @returns as that does */
  commitPrepared(transaction: Transaction, inputs: TransactionInputs | undefined): boolean {
    const delta = transaction.commit();
    this.#views.committed();
    this.#delta = delta;
    this.#origin.inputs = inputs;
    const isLogged = delta.tables.some(isOfLog);
    if (isLogged) {
      if (this.#log === undefined) this.#lastTxOffset++;
      else {
        this.#record.reset();
        writeTransactionRecord(this.#record, inputs, delta);
        this.#lastTxOffset = this.#log.append(this.#record.bytes, 0, this.#record.length);
        this.#loggedBytes += this.#record.length;
        if (inputs === undefined) this.#noteTime?.(this.#lastTxOffset);
      }
      this.#outbox.committed(this.#lastTxOffset);
    }
    this.#subscriptions.evaluate(delta);
    this.#onCommitted(delta, inputs);
    return isLogged;
  }

  /** Nobody is to see what the log cannot take. What it does not keep, as the rows of views, goes on. */
  #refuseWithoutRoom({ touched }: Transaction, inputs: TransactionInputs | undefined, mustBe: boolean): void {
    const log = this.#log;
    if (log === undefined) return;
    const cause = log.fullDisk;
    if (cause !== undefined) {
      if (!touched.some((table) => isOfLog(table.settle()))) return;
      throw new EngineError('ENGINE_DISK_FULL', cause.message, { cause });
    }
    if (mustBe) return;
    const bytes = recordedBytesAtMost(touched) + (inputs?.args.length ?? 0);
    // Without any it is of views alone, or deletes all rows of a table, which takes next to none.
    if (bytes === 0 || log.hasRoomFor(bytes)) return;
    const message = `the database's disk is full: it has no room for the ${bytes} bytes of this transaction`;
    throw new EngineError(
      'ENGINE_DISK_FULL',
      `${message}, so nothing was changed. Make room on the disk, and try again`,
    );
  }

  /**
   * Begins a transaction, does `work` in it, commits and publishes it; rolls back if anything throws.
   * @throws as `begin` and `commit` do, and what `work` throws
   */
  run<Result>(
    work: (transaction: Transaction) => Result,
    { inputs, onViewFailure }: { readonly inputs?: TransactionInputs; readonly onViewFailure?: OnViewFailure } = {},
  ): Result {
    const transaction = this.begin();
    let result: Result;
    try {
      result = work(transaction);
      this.commit(transaction, inputs, onViewFailure);
    } catch (error) {
      if (transaction.isOpen) transaction.rollback();
      throw error;
    }
    this.publish(undefined);
    return result;
  }

  /**
   * Sends a committed transaction to its subscribers and lets its deleted rows go.
   * @param caller who has been told already
   * @param requestId the caller's number for the call, if it gave one
   */
  publish(caller: Client | undefined, requestId = 0): void {
    this.#origin.requestId = requestId;
    this.#subscriptions.endTransaction(caller, this.#origin);
    this.#origin.inputs = undefined;
    this.#delta?.release();
    this.#delta = undefined;
  }
}

/** Whether the log keeps what happened to a table. */
function isOfLog({ table, inserts, deletes }: TableDelta): boolean {
  return !table.definition.isEphemeral && inserts.length + deletes.length > 0;
}
