import {
  type RowList,
  type ServerMessage,
  type Subprotocol,
  readServerMessage,
  writeClientMessage,
} from '@lightcone/protocol';
import * as v1 from '@lightcone/protocol/v1';
import { ByteReader, ByteWriter, bytesToHex } from '@lightcone/sats';
import { type Call, callArgs, callArgsJson, decodeObserved, isProcedure, observedInFailure } from './call.ts';
import { CachedState } from './cached-state.ts';
import { type OneOffQuery, queryReads, queryText } from './one-off-query.ts';
import type { Recorder } from './recorder.ts';
import { type Rows, TABLES, type TableName, decodeRows, isTable, parseRows } from './tables.ts';

export interface HistoryConnectionOptions {
  readonly protocol: Subprotocol;
  /** A name that no other connection has. */
  readonly session: string;
  readonly isConfirmed: boolean;
  readonly recorder: Recorder;
  /** The keys whose content is recorded, whenever what this connection follows has changed. */
  readonly keys: readonly number[];
  /** So many changes make one record; every one unless given. */
  readonly recordEvery?: number;
  readonly send: (message: Uint8Array | string) => void;
}

/** One connection of a client to the module `histories`, which records what it asks and what it hears. */
export abstract class HistoryConnection {
  readonly options: HistoryConnectionOptions;
  /** What it knows by its subscription. */
  readonly state: CachedState = new CachedState();
  /** Errors that nobody expected. */
  readonly errors: string[] = [];
  readonly #pending = new Map<number, Call>();
  readonly #queries = new Map<number, { readonly query: OneOffQuery; readonly askedAt: number }>();
  #nextRequestId = 1;
  #changes = 0;
  #hasView = false;
  /** The id of its subscription; undefined if it has none, or is ending it. */
  #subscription: number | undefined;
  /** The database that it knows: what comes late is still of that one. */
  readonly #life: number;

  constructor(options: HistoryConnectionOptions) {
    this.options = options;
    this.#life = options.recorder.life;
  }

  static of(options: HistoryConnectionOptions): HistoryConnection {
    return options.protocol.startsWith('v1.') ? new V1Connection(options) : new V2Connection(options);
  }

  /** Whether the first rows of its subscription are there. */
  get isSubscribed(): boolean {
    return this.#changes > 0;
  }

  /** Calls that were sent and not answered. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  /** Follows all tables and, if it is told to, the view. */
  subscribe(withView: boolean): void {
    this.#hasView = withView;
    const tables = TABLES.filter((table) => withView || table !== 'key_content');
    this.#subscription = this.#nextRequestId++;
    this.sendSubscribe(
      this.#subscription,
      tables.map((table) => `SELECT * FROM ${table}`),
    );
  }

  /** Ends the subscription, if it has one and can end it; when that is done, it follows everything anew. */
  resubscribe(): void {
    const subscription = this.#subscription;
    if (subscription === undefined || !this.isSubscribed) return;
    this.#subscription = undefined;
    this.sendUnsubscribe(this.#nextRequestId++, subscription);
  }

  /** Asks once. */
  query(query: OneOffQuery): void {
    const requestId = this.#nextRequestId++;
    this.#queries.set(requestId, { query, askedAt: this.options.recorder.now() });
    this.sendQuery(requestId, queryText(query));
  }

  call(call: Call): void {
    const { recorder, session, isConfirmed } = this.options;
    const requestId = this.#nextRequestId++;
    this.#pending.set(requestId, call);
    // A procedure has its transactions when it pleases.
    recorder.begin(call, isProcedure(call) ? undefined : session, isConfirmed, this.#life);
    this.sendCall(requestId, call);
  }

  /** @param message one message of the server; of v2 and v3, several are allowed */
  abstract receive(message: Uint8Array | string): void;

  protected abstract sendSubscribe(requestId: number, queries: readonly string[]): void;
  protected abstract sendUnsubscribe(requestId: number, subscription: number): void;
  protected abstract sendQuery(requestId: number, query: string): void;
  protected abstract sendCall(requestId: number, call: Call): void;

  protected committed(requestId: number): void {
    const call = this.#take(requestId);
    if (call.function === 'transact_and_fail') this.errors.push(`transaction ${call.transaction} should have failed`);
    this.options.recorder.committed(call.transaction);
  }

  protected failed(requestId: number, message: string): void {
    const call = this.#take(requestId);
    const observed = observedInFailure(message);
    if (observed === undefined) this.errors.push(`transaction ${call.transaction}: ${message}`);
    this.options.recorder.failed(call.transaction, observed);
  }

  protected returned(requestId: number, value: Uint8Array | string): void {
    const { transaction, steps, later } = this.#take(requestId);
    const observed = decodeObserved(value);
    this.options.recorder.committed(transaction, observed.slice(0, steps.length));
    if (later !== undefined) this.options.recorder.committed(transaction + 1, observed.slice(steps.length));
  }

  /** A procedure that fails may have had its transactions, or some of them. */
  protected procedureFailed(requestId: number, message: string): void {
    this.errors.push(`transaction ${this.#take(requestId).transaction}: ${message}`);
  }

  /** What follows from one transaction, or from the beginning of a subscription, is in the state. */
  protected changed(): void {
    const { recorder, keys, session, isConfirmed, recordEvery = 1 } = this.options;
    const transactions = this.state.check((transaction) => recorder.appendedBy(transaction), this.#hasView);
    recorder.learn(transactions, this.state, this.#life);
    if (this.#changes++ % recordEvery === 0) recorder.saw(this.state, keys, session, isConfirmed, this.#life);
  }

  /** Nothing more of the subscription comes. @param wereDropped whether the answer had its rows, which are deleted */
  protected unsubscribed(wereDropped: boolean): void {
    if (wereDropped) this.state.mustBeEmpty();
    this.state.clear();
    this.#changes = 0;
    this.subscribe(this.#hasView);
  }

  protected answered(requestId: number, rows: (table: TableName) => readonly Rows[TableName][]): void {
    const asked = this.#queries.get(requestId);
    if (asked === undefined) throw new Error(`an answer to query ${requestId}, which nobody has asked`);
    this.#queries.delete(requestId);
    const { recorder, session, isConfirmed } = this.options;
    const reads = queryReads(asked.query, rows(asked.query.table));
    recorder.read(reads, `a query of ${session}`, isConfirmed, asked.askedAt, session, this.#life);
  }

  #take(requestId: number): Call {
    const call = this.#pending.get(requestId);
    if (call === undefined) throw new Error(`an answer to request ${requestId}, which has none to come`);
    this.#pending.delete(requestId);
    return call;
  }
}

class V2Connection extends HistoryConnection {
  receive(message: Uint8Array | string): void {
    if (typeof message === 'string') throw new Error('expected a binary message');
    const reader = new ByteReader(message);
    while (reader.remaining > 0) this.#receive(readServerMessage(reader));
  }

  #receive(message: ServerMessage): void {
    switch (message.tag) {
      case 'SubscribeApplied':
        for (const { table, rows } of message.tables) this.#apply(table, rows, 'insert');
        this.changed();
        break;
      case 'UnsubscribeApplied':
        for (const { table, rows } of message.tables ?? []) this.#apply(table, rows, 'delete');
        this.unsubscribed(message.tables !== undefined);
        break;
      case 'OneOffQueryResult': {
        const { requestId, result } = message;
        if (result.tag === 'err') this.errors.push(result.error);
        else {
          const { tables } = result;
          this.answered(requestId, (name) => tables.flatMap(({ rows }) => decodeRows(name, rows)));
        }
        break;
      }
      case 'TransactionUpdate':
        this.#applySets(message.querySets);
        break;
      case 'ReducerResult': {
        const { requestId, outcome } = message;
        if (outcome.tag === 'Ok' || outcome.tag === 'OkEmpty') {
          this.committed(requestId);
          if (outcome.tag === 'Ok') this.#applySets(outcome.querySets);
        } else if (outcome.tag === 'Err') this.failed(requestId, new ByteReader(outcome.error).string());
        else this.failed(requestId, outcome.error);
        break;
      }
      case 'ProcedureResult':
        if (message.status.tag === 'Returned') this.returned(message.requestId, message.status.value);
        else this.procedureFailed(message.requestId, message.status.error);
        break;
      case 'SubscriptionError':
        this.errors.push(message.error);
        break;
      default:
    }
  }

  protected sendSubscribe(requestId: number, queries: readonly string[]): void {
    this.#send({ tag: 'Subscribe', requestId, querySetId: requestId, queries });
  }

  protected sendUnsubscribe(requestId: number, querySetId: number): void {
    this.#send({ tag: 'Unsubscribe', requestId, querySetId, sendDroppedRows: requestId % 2 === 0 });
  }

  protected sendQuery(requestId: number, query: string): void {
    this.#send({ tag: 'OneOffQuery', requestId, query });
  }

  protected sendCall(requestId: number, call: Call): void {
    const args = callArgs(call);
    if (isProcedure(call)) this.#send({ tag: 'CallProcedure', requestId, procedure: call.function, args });
    else this.#send({ tag: 'CallReducer', requestId, reducer: call.function, args });
  }

  #applySets(querySets: Extract<ServerMessage, { tag: 'TransactionUpdate' }>['querySets']): void {
    const tables = querySets.flatMap((querySet) => querySet.tables);
    if (tables.length === 0) return;
    for (const { table, changes } of tables) {
      for (const change of changes) {
        if (change.tag !== 'PersistentTable') throw new Error(`${table} is no event table`);
        // An updated row is a delete and an insert.
        this.#apply(table, change.deletes, 'delete');
        this.#apply(table, change.inserts, 'insert');
      }
    }
    this.changed();
  }

  #apply(table: string, rows: RowList, change: 'insert' | 'delete'): void {
    const name = tableName(table);
    for (const row of decodeRows(name, rows)) this.state[change](name, row);
  }

  #send(message: Parameters<typeof writeClientMessage>[1]): void {
    const writer = new ByteWriter();
    writeClientMessage(writer, message);
    this.options.send(writer.finish());
  }
}

class V1Connection extends HistoryConnection {
  #connectionId = '';

  get #isJson(): boolean {
    return this.options.protocol === 'v1.json.spacetimedb';
  }

  receive(message: Uint8Array | string): void {
    if (typeof message === 'string') {
      this.#receive(v1.parseServerMessage(message), (table, rows) => parseRows(table, rows));
    } else this.#receive(v1.readServerMessage(new ByteReader(message)), (table, rows) => decodeRows(table, rows));
  }

  #receive<List, Value extends Uint8Array | string>(
    message: v1.ServerMessage<List, Value>,
    decode: <Name extends TableName>(table: Name, rows: List) => Parameters<CachedState['insert']>[1][],
  ): void {
    const applyHalf = (tables: readonly v1.TableUpdate<List>[], change: 'deletes' | 'inserts'): void => {
      for (const { table, updates } of tables) {
        const name = tableName(table);
        for (const update of updates) {
          for (const row of decode(name, update[change])) this.state[change === 'inserts' ? 'insert' : 'delete'](name, row); // prettier-ignore
        }
      }
    };
    const drop = (tables: readonly v1.TableUpdate<List>[]): void => applyHalf(tables, 'deletes');
    const apply = (tables: readonly v1.TableUpdate<List>[]): void => {
      if (tables.length === 0) return;
      applyHalf(tables, 'deletes');
      applyHalf(tables, 'inserts');
      this.changed();
    };
    switch (message.tag) {
      case 'IdentityToken':
        this.#connectionId = bytesToHex(message.connectionId);
        break;
      case 'UnsubscribeMultiApplied':
        drop(message.tables);
        this.unsubscribed(true);
        break;
      case 'OneOffQueryResponse': {
        const requestId = new DataView(message.messageId.slice().buffer).getUint32(0, true);
        if (message.error !== undefined) this.errors.push(message.error);
        else this.answered(requestId, (name) => message.tables.flatMap(({ rows }) => decode(name, rows)));
        break;
      }
      case 'InitialSubscription':
      case 'SubscribeMultiApplied':
      case 'TransactionUpdateLight':
        apply(message.tables);
        break;
      case 'TransactionUpdate': {
        const { status, callerConnectionId, reducerCall } = message;
        const isOwn = bytesToHex(callerConnectionId) === this.#connectionId && reducerCall.reducerName !== '';
        if (isOwn && status.tag === 'Committed') this.committed(reducerCall.requestId);
        else if (isOwn) this.failed(reducerCall.requestId, status.tag === 'Failed' ? status.error : status.tag);
        if (status.tag === 'Committed') apply(status.tables);
        break;
      }
      case 'ProcedureResult': {
        const { requestId, status } = message;
        if (status.tag === 'Returned') this.returned(requestId, status.value);
        else this.procedureFailed(requestId, status.tag === 'InternalError' ? status.error : status.tag);
        break;
      }
      case 'SubscriptionError':
        this.errors.push(message.error);
        break;
      default:
    }
  }

  protected sendSubscribe(requestId: number, queries: readonly string[]): void {
    this.#send(
      this.#isJson
        ? { tag: 'Subscribe', requestId, queries }
        : { tag: 'SubscribeMulti', requestId, queryId: requestId, queries },
    );
  }

  /** What was subscribed to without an id is replaced by the next of its kind, and ended by nothing. */
  protected sendUnsubscribe(requestId: number, queryId: number): void {
    if (!this.#isJson) this.#send({ tag: 'UnsubscribeMulti', requestId, queryId });
  }

  protected sendQuery(requestId: number, query: string): void {
    const messageId = new Uint8Array(4);
    new DataView(messageId.buffer).setUint32(0, requestId, true);
    this.#send({ tag: 'OneOffQuery', messageId, query });
  }

  protected sendCall(requestId: number, call: Call): void {
    const args = this.#isJson ? callArgsJson(call) : callArgs(call);
    if (isProcedure(call)) this.#send({ tag: 'CallProcedure', requestId, procedure: call.function, args });
    else this.#send({ tag: 'CallReducer', requestId, reducer: call.function, args, noSuccessNotify: false });
  }

  #send(message: v1.ClientMessage): void {
    if (this.#isJson) {
      this.options.send(v1.formatClientMessage(message));
      return;
    }
    const writer = new ByteWriter();
    v1.writeClientMessage(writer, message);
    this.options.send(writer.finish());
  }
}

function tableName(table: string): TableName {
  if (!isTable(table)) throw new Error(`rows of ${table}, to which nobody has subscribed`);
  return table;
}
