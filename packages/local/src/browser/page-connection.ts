import type { Connection, ConnectionTransaction } from '../api/connection.ts';
import type { Operation } from '../api/operation.ts';
import { LocalError } from '../errors.ts';
import type { LiveOptions, Subscription } from '../live/live-query.ts';
import { LiveResult } from '../live/live-result.ts';
import type { SqlFragment } from '../sql/sql.ts';
import { channelName } from './messages.ts';
import type { LeaderMessage, LiveSql, PageId, PageMessage, Request } from './messages.ts';
import { fromSent } from './sent-error.ts';

interface Waiting {
  readonly request: Request;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** A live query of the page: the leader sends its rows, and what is new about them is found here. */
interface LivePageQuery {
  readonly sql: LiveSql;
  readonly result: LiveResult<unknown>;
}

/** What the page hears of its leader. */
interface Leading {
  readonly leader: string;
  readonly authorId: string;
  readonly isDurable: boolean;
}

/**
 * The way from a page to the worker that has the database, in whichever tab that is. When another one takes over, what
 * was asked and not answered is asked again: the leader does nothing twice (see `Leader`). Only a transaction that was
 * under way is lost with the leader that had it.
 */
export class PageConnection implements Connection {
  readonly #page: PageId;
  readonly #channel: BroadcastChannel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #queries = new Map<number, LivePageQuery>();
  readonly #commitListeners = new Set<() => void>();
  readonly #toldListeners = new Set<(what: unknown) => void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #onClose: () => Promise<void>;
  #leading: Leading | undefined;
  /** The transactions that this leader has. */
  #transactions = new Set<number>();
  #count = 0;
  #closed: LocalError | undefined;
  #closing: Promise<void> | undefined;

  /** @param onClose when nothing is asked any more */
  constructor(database: string, page: PageId, onClose: () => Promise<void>) {
    this.#page = page;
    this.#onClose = onClose;
    this.#channel = new BroadcastChannel(channelName(database));
    this.#channel.onmessage = ({ data }) => this.#received(data as LeaderMessage | PageMessage);
    this.#post({ from: page, kind: 'hello' });
  }

  /** Settles when there is a leader, or when none can open the database. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get authorId(): string {
    return this.#leading!.authorId; // asked when it is ready
  }

  /** Whether what is written stays when the browser ends. */
  get isDurable(): boolean {
    return this.#leading!.isDurable; // asked when it is ready
  }

  perform(operation: Operation): Promise<unknown> {
    return this.#ask({ kind: 'perform', operation });
  }

  async begin(): Promise<ConnectionTransaction> {
    const transaction = ++this.#count;
    await this.#ask({ kind: 'begin', transaction });
    this.#transactions.add(transaction);
    const inside = async (request: Request): Promise<unknown> => {
      if (this.#closed !== undefined) throw this.#closed;
      if (!this.#transactions.has(transaction)) throw lostTransaction();
      return this.#askOpen(request);
    };
    return {
      perform: (operation) => inside({ kind: 'performInside', transaction, operation }),
      commit: async () => {
        await inside({ kind: 'commit', transaction });
        this.#transactions.delete(transaction);
      },
      rollback: async () => {
        // Without its leader there is nothing to undo.
        if (this.#transactions.delete(transaction) && this.#closed === undefined)
          await this.#askOpen({ kind: 'rollback', transaction });
      },
    };
  }

  subscribe<Row>(query: SqlFragment<Row>, options: LiveOptions<Row>): Subscription {
    this.#mustBeOpen();
    options.signal?.throwIfAborted();
    const number = ++this.#count;
    const { text, values, reader } = query;
    // Before it is known, as each new leader is sent it.
    const sql: LiveSql = sendable({ text, values, bigInts: reader?.bigInts ?? false });
    // What reads its rows and who gets them agree.
    const result = new LiveResult(reader, options) as LiveResult<unknown>;
    const stop = (): void => {
      options.signal?.removeEventListener('abort', stop);
      if (this.#queries.delete(number)) this.#tell({ kind: 'unsubscribe', query: number });
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    this.#queries.set(number, { sql, result });
    this.#tell({ kind: 'subscribe', query: number, sql });
    return { stop, refresh: () => this.#tell({ kind: 'refresh', query: number }) };
  }

  onCommit(listener: () => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /** Calls with what the application's part of the worker tells. @returns the way out */
  onTold(listener: (what: unknown) => void): () => void {
    this.#toldListeners.add(listener);
    return () => this.#toldListeners.delete(listener);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#closeAfterAll());
  }

  async #closeAfterAll(): Promise<void> {
    if (this.#closed === undefined) {
      // Its turn comes when the transactions under way are over, those of this page among them.
      const lastTurn = { kind: 'query', text: 'SELECT 1', values: [], bigInts: false } as const;
      await this.#askOpen({ kind: 'perform', operation: lastTurn }).catch(() => undefined);
      await Promise.allSettled([...this.#waiting.values()].map(({ answer }) => answer.promise));
      this.fail(new LocalError('LOCAL_CLOSED', 'the database is closed'));
    }
    await this.#onClose();
  }

  /** Nothing more is to be had: everything that waits fails. */
  fail(error: Error): void {
    if (this.#closed !== undefined) return;
    const isClosed = error instanceof LocalError && error.code === 'LOCAL_CLOSED';
    this.#closed = isClosed ? error : new LocalError('LOCAL_CLOSED', `the database is closed: ${error.message}`);
    this.#queries.clear();
    this.#ready.reject(error);
    this.#ready.promise.catch(() => undefined);
    for (const { answer } of this.#waiting.values()) answer.reject(error);
    this.#waiting.clear();
    this.#channel.close();
  }

  async #ask(request: Request): Promise<unknown> {
    this.#mustBeOpen();
    return this.#askOpen(request);
  }

  /** Also while it closes. */
  async #askOpen(given: Request): Promise<unknown> {
    // The copy is asked again of the next leader, whatever the caller has done to his by then.
    const request = sendable(given);
    const number = ++this.#count;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(number, { request, answer });
    this.#request(number, request);
    return answer.promise;
  }

  /** For requests whose answer nobody waits for. A leader that comes later is told of all queries. */
  #tell(request: Request): void {
    if (this.#closed === undefined) this.#request(++this.#count, request);
  }

  #request(number: number, request: Request): void {
    if (this.#leading === undefined) return;
    const { leader } = this.#leading;
    const [oldest = number] = this.#waiting.keys();
    this.#post({ from: this.#page, kind: 'request', leader, number, oldest, request });
  }

  #post(message: PageMessage): void {
    this.#channel.postMessage(message);
  }

  #received(message: LeaderMessage | PageMessage): void {
    if (typeof message !== 'object' || message === null) return; // the channel is everybody's
    if ('from' in message || ('to' in message && message.to !== this.#page)) return;
    switch (message.kind) {
      case 'leading':
        if (message.leader !== this.#leading?.leader) this.#follow(message);
        return;
      case 'committed':
        return this.#committed();
      case 'told':
        for (const listener of this.#toldListeners) listener(message.what);
        return;
      case 'result':
        return this.#answered(message.number)?.resolve(message.result);
      case 'error':
        return this.#answered(message.number)?.reject(fromSent(message.error));
      case 'rows':
        return this.#queries.get(message.query)?.result.received(message.rows);
      case 'rowsFailed':
        return this.#queries.get(message.query)?.result.failed(fromSent(message.error));
    }
  }

  #answered(number: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting?.answer;
  }

  #committed(): void {
    for (const listener of this.#commitListeners) listener();
  }

  #follow(leading: Leading): void {
    // The one before may have committed and not have said so.
    if (this.#leading !== undefined) this.#committed();
    this.#leading = leading;
    this.#transactions = new Set();
    for (const [query, { sql }] of this.#queries) this.#tell({ kind: 'subscribe', query, sql });
    for (const [number, { request, answer }] of this.#waiting) {
      if (request.kind === 'performInside') {
        this.#waiting.delete(number);
        answer.reject(lostTransaction());
      } else this.#request(number, request);
    }
    this.#ready.resolve();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#closing !== undefined) throw new LocalError('LOCAL_CLOSED', 'the database is closed');
  }
}

/** @throws LocalError `LOCAL_INVALID_VALUE` for what cannot be sent to a worker, such as functions */
function sendable<Sent>(given: Sent): Sent {
  try {
    return structuredClone(given);
  } catch (cause) {
    const message = `a value cannot be sent to the worker that has the database: ${(cause as Error).message}`;
    throw new LocalError('LOCAL_INVALID_VALUE', message, { cause });
  }
}

function lostTransaction(): LocalError {
  return new LocalError(
    'LOCAL_LEADER_CHANGED',
    'the tab that had the database was closed while a transaction was under way, and it was rolled back; run it again',
  );
}
