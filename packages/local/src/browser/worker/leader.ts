import type { Connection, ConnectionTransaction } from '../../api/connection.ts';
import { writes } from '../../api/operation.ts';
import type { Operation } from '../../api/operation.ts';
import { LocalError } from '../../errors.ts';
import { SqlFragment } from '../../sql/sql.ts';
import type { SqlRow } from '../../sqlite-driver.ts';
import type { Store } from '../../store/store.ts';
import { channelName, pageLock } from '../messages.ts';
import type { LeaderMessage, LiveSql, PageId, PageMessage, Request } from '../messages.ts';
import { toSent } from '../sent-error.ts';
import { LedPage } from './led-page.ts';
import type { Outcome } from './led-page.ts';

/** A database that the leader has open. */
export interface Opened {
  readonly store: Store;
  readonly connection: Connection;
  /** Whether what is written stays when the browser ends. */
  readonly isDurable: boolean;
}

/** Does for all pages what they ask, as long as it has the lock of the database. */
export class Leader {
  readonly #id = crypto.randomUUID();
  readonly #database: string;
  readonly #store: Store;
  readonly #connection: Connection;
  readonly #isDurable: boolean;
  readonly #channel: BroadcastChannel;
  readonly #pages = new Map<PageId, LedPage>();
  readonly #ended = new AbortController();

  constructor(database: string, { store, connection, isDurable }: Opened) {
    this.#database = database;
    this.#store = store;
    this.#connection = connection;
    this.#isDurable = isDurable;
    this.#channel = new BroadcastChannel(channelName(database));
    this.#channel.onmessage = ({ data }) => this.#received(data as PageMessage | LeaderMessage);
    connection.onCommit(() => this.#post({ kind: 'committed' }));
    // Pages of the leader before, some of which may be gone.
    for (const page of LedPage.known(store)) this.#pageOf(page);
  }

  /** Says something to all pages. */
  tell(what: unknown): void {
    this.#post({ kind: 'told', what });
  }

  /** Gives the database up. What was asked and not done yet is asked of the next leader. */
  async close(): Promise<void> {
    this.#channel.close();
    this.#ended.abort();
    for (const { transactions } of this.#pages.values()) {
      for (const transaction of transactions.values()) await transaction.rollback();
    }
    await this.#connection.close();
  }

  #post(message: LeaderMessage): void {
    if (!this.#ended.signal.aborted) this.#channel.postMessage(message);
  }

  /** Tells all pages that it leads; from then on they ask it. */
  introduce(): void {
    const { authorId } = this.#connection;
    this.#post({ kind: 'leading', leader: this.#id, authorId, isDurable: this.#isDurable });
  }

  #received(message: PageMessage | LeaderMessage): void {
    if (typeof message !== 'object' || message === null || !('from' in message)) return; // the channel is everybody's
    if (message.kind === 'hello') return this.introduce();
    if (message.leader !== this.#id) return;
    const { from, number, oldest, request } = message;
    void this.#answer(from, number, oldest, request);
  }

  async #answer(from: PageId, number: number, oldest: number, request: Request): Promise<void> {
    try {
      const result = await this.#serve(from, this.#pageOf(from), number, oldest, request);
      this.#post({ to: from, kind: 'result', number, result });
    } catch (error) {
      this.#post({ to: from, kind: 'error', number, error: toSent(error) });
    }
  }

  async #serve(from: PageId, page: LedPage, number: number, oldest: number, request: Request): Promise<unknown> {
    switch (request.kind) {
      case 'perform':
        if (!writes(request.operation)) return this.#connection.perform(request.operation);
        return this.#write(page, number, oldest, request.operation);
      case 'begin':
        return this.#begin(page, request.transaction);
      case 'performInside':
        return transactionOf(page, request.transaction).perform(request.operation);
      case 'commit':
        if (!page.isDone(number)) await this.#commit(page, number, oldest, request.transaction);
        return undefined;
      case 'rollback':
        await page.transactions.get(request.transaction)?.rollback();
        page.transactions.delete(request.transaction);
        return undefined;
      case 'subscribe':
        return this.#subscribe(from, page, request.query, request.sql);
      case 'refresh':
        return page.queries.get(request.query)?.refresh();
      case 'unsubscribe':
        page.queries.get(request.query)?.stop();
        page.queries.delete(request.query);
        return undefined;
      default:
        throw new LocalError(
          'LOCAL_INVALID_SCHEMA',
          `the tab that has the database runs another version of this program, which does not know "${(request as { kind: string }).kind}"; reload all tabs`,
        );
    }
  }

  async #begin(page: LedPage, number: number): Promise<void> {
    const transaction = await this.#connection.begin();
    // While it waited, its page may have gone, or this leader have ended: nobody would end it.
    if (page.isGone || this.#ended.signal.aborted) await transaction.rollback();
    else page.transactions.set(number, transaction);
  }

  async #write(page: LedPage, number: number, oldest: number, operation: Operation): Promise<unknown> {
    if (page.isDone(number)) return this.#resultAgain(operation, page.outcomeOf(number));
    const transaction = await this.#connection.begin();
    try {
      const result = await transaction.perform(operation);
      const noted = page.note(number, oldest, outcomeOf(operation, result));
      await transaction.commit();
      noted();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  async #commit(page: LedPage, number: number, oldest: number, transaction: number): Promise<void> {
    const underWay = transactionOf(page, transaction);
    page.transactions.delete(transaction);
    try {
      const noted = page.note(number, oldest, undefined);
      await underWay.commit();
      noted();
    } catch (error) {
      await underWay.rollback();
      throw error;
    }
  }

  /** What a write that an earlier leader did answered; a row is answered as it is by now. */
  async #resultAgain(operation: Operation, outcome: Outcome): Promise<unknown> {
    if (operation.kind !== 'save' && operation.kind !== 'update') return outcome;
    const id = operation.kind === 'save' ? (outcome as string) : operation.id; // as `outcomeOf` has it
    return this.#connection.perform({ kind: 'get', table: operation.table, id });
  }

  #subscribe(from: PageId, page: LedPage, query: number, { text, values, bigInts }: LiveSql): void {
    const asStored = { bigInts, readRow: (row: SqlRow) => row };
    const subscription = this.#connection.subscribe(new SqlFragment(text, values, asStored), {
      onRows: (rows) => this.#post({ to: from, kind: 'rows', query, rows }),
      onError: (error) => this.#post({ to: from, kind: 'rowsFailed', query, error: toSent(error) }),
    });
    page.queries.set(query, subscription);
  }

  #pageOf(id: PageId): LedPage {
    let page = this.#pages.get(id);
    if (page === undefined) {
      this.#pages.set(id, (page = new LedPage(this.#store, id)));
      void this.#dropWhenGone(id, page);
    }
    return page;
  }

  /** A page has its lock as long as it is there, however it ends. */
  async #dropWhenGone(id: PageId, page: LedPage): Promise<void> {
    const { signal } = this.#ended;
    try {
      await navigator.locks.request(pageLock(this.#database, id), { signal }, () => undefined);
    } catch {
      return; // this leader is gone first
    }
    if (signal.aborted) return;
    this.#pages.delete(id);
    page.isGone = true;
    for (const subscription of page.queries.values()) subscription.stop();
    for (const transaction of page.transactions.values()) await transaction.rollback();
    let transaction;
    try {
      transaction = await this.#connection.begin();
      page.forget();
      await transaction.commit();
    } catch {
      await transaction?.rollback(); // the next leader knows its notes, and tries again
    }
  }
}

function transactionOf(page: LedPage, number: number): ConnectionTransaction {
  const transaction = page.transactions.get(number);
  if (transaction !== undefined) return transaction;
  throw new LocalError(
    'LOCAL_LEADER_CHANGED',
    'the transaction was lost with the tab that had the database, and was rolled back; run it again',
  );
}

/** What must be noted of the result of a write. */
function outcomeOf(operation: Operation, result: unknown): Outcome {
  if (operation.kind === 'save') return (result as { id: string }).id;
  return operation.kind === 'update' ? undefined : (result as number | boolean);
}
