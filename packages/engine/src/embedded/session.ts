import { type QuerySetUpdate, type ServerMessage, writeClientMessage } from '@lightcone/protocol';
import { type AlgebraicValue, ByteReader, ByteWriter, type ConnectionId, type Identity } from '@lightcone/sats';
import { EngineError } from '../errors.ts';
import type { EmbeddedDatabase } from './embedded-database.ts';
import { type Row, decodeRows } from './row.ts';
import { Subscription } from './subscription.ts';

interface PendingRequest {
  resolve(message: ServerMessage): void;
  reject(error: Error): void;
}

/**
 * A client inside the program: calls, queries and subscriptions of one identity, with the same
 * messages that a client over WebSocket exchanges.
 */
export class Session {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly #database: EmbeddedDatabase;
  readonly #connectionNumber: number;
  readonly #writer = new ByteWriter();
  readonly #pending = new Map<number, PendingRequest>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #connected = Promise.withResolvers<ServerMessage>();
  #nextRequestId = 1;
  #closeReason: string | undefined;

  /** @internal Sessions come from `EmbeddedDatabase.connect`. */
  constructor(database: EmbeddedDatabase, connectionNumber: number, identity: Identity, connectionId: ConnectionId) {
    this.#database = database;
    this.#connectionNumber = connectionNumber;
    this.identity = identity;
    this.connectionId = connectionId;
  }

  /** @internal Resolves when the module has admitted the session; rejects with its reason if it does not. */
  async connected(): Promise<void> {
    await this.#connected.promise;
  }

  /**
   * Calls a reducer with its arguments in order and resolves when its transaction is durable. By then
   * this session's subscriptions show its effects.
   * @throws EngineError `ENGINE_CALL_FAILED` with the reducer's message; SatsError for arguments of another type
   */
  async call(reducer: string, ...args: readonly AlgebraicValue[]): Promise<void> {
    const encoded = this.#database.encodeArguments(reducer, args);
    const answer = await this.#request((requestId) => {
      writeClientMessage(this.#writer, { tag: 'CallReducer', requestId, reducer, args: encoded });
    });
    if (answer.tag !== 'ReducerResult') throw unexpected(answer);
    const { outcome } = answer;
    if (outcome.tag === 'Err') throw new EngineError('ENGINE_CALL_FAILED', new ByteReader(outcome.error).string());
    if (outcome.tag === 'InternalError') throw new EngineError('ENGINE_CALL_FAILED', outcome.error);
  }

  /**
   * Calls a procedure with its arguments in order and resolves with what it returns, when all that it
   * committed is durable. Other calls of this session may be answered before.
   * @throws EngineError `ENGINE_CALL_FAILED`; SatsError for arguments of another type
   */
  async callProcedure(procedure: string, ...args: readonly AlgebraicValue[]): Promise<AlgebraicValue> {
    const encoded = this.#database.encodeArguments(procedure, args);
    const answer = await this.#request((requestId) => {
      writeClientMessage(this.#writer, { tag: 'CallProcedure', requestId, procedure, args: encoded });
    });
    if (answer.tag !== 'ProcedureResult') throw unexpected(answer);
    const { status } = answer;
    if (status.tag === 'InternalError') throw new EngineError('ENGINE_CALL_FAILED', status.error);
    return this.#database.decodeReturned(procedure, status.value);
  }

  /**
   * Runs one query of the subscription dialect (`SELECT * FROM … [WHERE …]`) once.
   * @throws EngineError `ENGINE_QUERY_FAILED`
   */
  async query(sql: string): Promise<Row[]> {
    const answer = await this.#request((requestId) => {
      writeClientMessage(this.#writer, { tag: 'OneOffQuery', requestId, query: sql });
    });
    if (answer.tag !== 'OneOffQueryResult') throw unexpected(answer);
    if (answer.result.tag === 'err') throw new EngineError('ENGINE_QUERY_FAILED', answer.result.error);
    return answer.result.tables.flatMap(({ table, rows }) => decodeRows(rows, this.#database.rowTypeOf(table)));
  }

  /**
   * Keeps the rows of some queries up to date. Resolves when their rows are there.
   * @throws EngineError `ENGINE_QUERY_FAILED`
   */
  async subscribe(...queries: readonly string[]): Promise<Subscription> {
    const querySetId = this.#nextRequestId;
    const subscription = new Subscription(
      (table) => this.#database.rowTypeOf(table),
      async () => {
        this.#subscriptions.delete(querySetId);
        await this.#request((requestId) => {
          writeClientMessage(this.#writer, { tag: 'Unsubscribe', requestId, querySetId, sendDroppedRows: false });
        });
      },
    );
    // Known before the answer comes: the transaction after the answer may be in the same batch.
    this.#subscriptions.set(querySetId, subscription);
    const answer = await this.#request((requestId) => {
      writeClientMessage(this.#writer, { tag: 'Subscribe', requestId, querySetId, queries });
    });
    if (answer.tag === 'SubscriptionError') {
      this.#subscriptions.delete(querySetId);
      throw new EngineError('ENGINE_QUERY_FAILED', answer.error);
    }
    return subscription;
  }

  /** Ends the session and its subscriptions; the module's `client_disconnected` runs. May be called twice. */
  disconnect(): void {
    this.closed('the session was disconnected');
    this.#database.disconnect(this.#connectionNumber);
  }

  /** @internal */
  received(message: ServerMessage): void {
    switch (message.tag) {
      case 'InitialConnection':
        this.#connected.resolve(message);
        break;
      case 'TransactionUpdate':
        this.#apply(message.querySets);
        break;
      case 'ReducerResult':
        if (message.outcome.tag === 'Ok') this.#apply(message.outcome.querySets);
        this.#answer(message.requestId, message);
        break;
      case 'SubscribeApplied':
        this.#subscriptions.get(message.querySetId)?.applied(message.tables);
        this.#answer(message.requestId, message);
        break;
      case 'SubscriptionError':
        if (message.requestId === undefined) this.#subscriptionFailed(message.querySetId, message.error);
        else this.#answer(message.requestId, message);
        break;
      case 'UnsubscribeApplied':
      case 'OneOffQueryResult':
      case 'ProcedureResult':
        this.#answer(message.requestId, message);
        break;
    }
  }

  /** @internal The database ended the connection. */
  closed(reason: string, cause?: Error): void {
    this.#closeReason ??= reason;
    const error = new EngineError('ENGINE_CLOSED', reason, cause && { cause });
    this.#connected.reject(error);
    for (const request of this.#pending.values()) request.reject(error);
    this.#pending.clear();
    for (const subscription of this.#subscriptions.values()) subscription.fail(error);
    this.#subscriptions.clear();
  }

  #request(write: (requestId: number) => void): Promise<ServerMessage> {
    if (this.#closeReason !== undefined) return Promise.reject(new EngineError('ENGINE_CLOSED', this.#closeReason));
    const requestId = this.#nextRequestId++;
    this.#writer.reset();
    write(requestId);
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject });
      this.#database.send(this.#connectionNumber, this.#writer.bytes, this.#writer.length);
    });
  }

  #answer(requestId: number, message: ServerMessage): void {
    this.#pending.get(requestId)?.resolve(message);
    this.#pending.delete(requestId);
  }

  #subscriptionFailed(querySetId: number, reason: string): void {
    this.#subscriptions.get(querySetId)?.fail(new EngineError('ENGINE_QUERY_FAILED', reason));
    this.#subscriptions.delete(querySetId);
  }

  #apply(querySets: readonly QuerySetUpdate[]): void {
    for (const { querySetId, tables } of querySets) this.#subscriptions.get(querySetId)?.changed(tables);
  }
}

function unexpected(message: ServerMessage): Error {
  return new Error(`a request was answered by ${message.tag}`);
}
