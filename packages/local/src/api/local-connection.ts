import { RawCapture } from '../capture/raw-capture.ts';
import { LocalError } from '../errors.ts';
import type { LiveOptions, Subscription } from '../live/live-query.ts';
import { LiveQueries } from '../live/live-queries.ts';
import type { SqlFragment } from '../sql/sql.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import type { SqliteDriver } from '../sqlite-driver.ts';
import type { Store } from '../store/store.ts';
import type { Connection, ConnectionTransaction } from './connection.ts';
import { writes } from './operation.ts';
import type { Operation } from './operation.ts';
import { perform } from './perform.ts';

/**
 * How long a transaction may hold up others without doing anything. One that waits for the database that it holds (its
 * work used `db` where it should have used `tx`) would wait for ever; this ends it.
 */
const idleTransactionMs = 5000;

/** A store in this process. */
export class LocalConnection implements Connection {
  readonly authorId: string;
  readonly #store: Store;
  readonly #capture: RawCapture;
  readonly #live: LiveQueries;
  readonly #stopWatching: (() => void) | undefined;
  /** Settles when the transaction before is over. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #underWay: OpenTransaction | undefined;

  constructor(store: Store, driver: SqliteDriver) {
    this.authorId = store.authorId;
    this.#store = store;
    this.#capture = new RawCapture(store);
    this.#live = new LiveQueries(store);
    this.#stopWatching = driver.watch?.(() => store.lookElsewhere());
  }

  /** At once, for callers that never wait within a transaction. */
  performNow(operation: Operation): unknown {
    this.#store.mustBeOpen();
    if (this.#store.isInTransaction)
      throw new LocalError('LOCAL_NESTED_USE', 'a transaction is under way: use its `tx`, not the database');
    return writes(operation)
      ? this.#store.transaction(() => this.performInside(operation))
      : this.performInside(operation);
  }

  /** In the transaction under way. */
  performInside(operation: Operation): unknown {
    this.#store.mustBeWhole();
    try {
      return perform(this.#store, this.#capture, operation);
    } catch (error) {
      const failure = sqliteFailure(error, `${operation.kind} failed`);
      this.#store.failed(failure);
      throw failure;
    }
  }

  perform(operation: Operation): Promise<unknown> {
    return this.#inTurn(() => this.performNow(operation));
  }

  async begin(): Promise<ConnectionTransaction> {
    const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
    return this.#inTurn(() => {
      this.#store.mustBeOpen();
      const transaction = new OpenTransaction(this, this.#store, () => {
        this.#underWay = undefined;
        over();
      });
      this.#underWay = transaction;
      if (this.#waiting > 0) transaction.hurry();
      return transaction;
    }, isOver);
  }

  subscribe<Row>(query: SqlFragment<Row>, options: LiveOptions<Row>): Subscription {
    return this.#live.subscribe(query, options);
  }

  onCommit(listener: () => void): () => void {
    return this.#store.onCommit(listener);
  }

  closeNow(): void {
    this.#stopWatching?.();
    this.#live.close();
    this.#store.close();
  }

  async close(): Promise<void> {
    if (this.#store.isOpen) await this.#inTurn(() => this.closeNow());
  }

  /** Runs `work` after what came before; what comes after waits for `until` too, if `work` succeeds. */
  async #inTurn<Result>(work: () => Result, until?: Promise<void>): Promise<Result> {
    const before = this.#turn;
    const { promise, resolve: done } = Promise.withResolvers<void>();
    this.#turn = promise;
    this.#waiting++;
    this.#underWay?.hurry();
    try {
      await before;
      this.#waiting--;
      const result = work();
      void (until ?? Promise.resolve()).then(done);
      return result;
    } catch (error) {
      done();
      throw error;
    }
  }
}

/** A transaction whose work waits for other things in between. */
class OpenTransaction implements ConnectionTransaction {
  readonly #connection: LocalConnection;
  readonly #store: Store;
  readonly #onOver: () => void;
  readonly #touched;
  #ended: LocalError | undefined;
  #isHurried = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: LocalConnection, store: Store, onOver: () => void) {
    this.#connection = connection;
    this.#store = store;
    this.#onOver = onOver;
    this.#touched = store.begin();
  }

  /** Others wait: from now on it may not be idle for long. */
  hurry(): void {
    if (this.#isHurried || this.#ended !== undefined) return;
    this.#isHurried = true;
    this.#startTimer();
  }

  async perform(operation: Operation): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#isHurried) this.#startTimer();
    return this.#connection.performInside(operation);
  }

  async commit(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    try {
      this.#store.commit();
    } catch (error) {
      this.#store.rollback();
      throw sqliteFailure(error, 'the transaction failed');
    } finally {
      this.#end(new LocalError('LOCAL_NESTED_USE', 'the transaction of this `tx` is over'));
    }
    this.#store.told('local', this.#touched);
  }

  async rollback(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#store.rollback();
    this.#end(new LocalError('LOCAL_NESTED_USE', 'the transaction of this `tx` is over'));
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#store.rollback();
      this.#end(
        new LocalError(
          'LOCAL_TRANSACTION_TIMEOUT',
          `a transaction did nothing for ${idleTransactionMs} ms while others waited, and was rolled back. Use \`tx\` in its work, not the database`,
        ),
      );
    }, idleTransactionMs);
  }

  #end(why: LocalError): void {
    clearTimeout(this.#timer);
    this.#ended = why;
    this.#onOver();
  }
}
