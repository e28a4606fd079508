import {
  type RowList,
  type Subprotocol,
  readServerMessage,
  rowCount,
  rowStart,
  writeClientMessage,
} from '@lightcone/protocol';
import * as v1 from '@lightcone/protocol/v1';
import {
  type AlgebraicType,
  ByteReader,
  ByteWriter,
  ConnectionId,
  compileType,
  parseJson,
  readJson,
  writeJson,
} from '@lightcone/sats';
import type { Database } from '../../src/database.ts';
import { testIdentity } from '../../src/testing/index.ts';

/** How a client asks for queries; on v2 and v3 there is one way. */
export type Style = 'legacy' | 'single' | 'multi';

/**
 * A client that does what client libraries do with rows: it counts how often it got each. A row is the
 * name of its table and its JSON by position.
 */
export abstract class ProtocolClient {
  readonly protocol: Subprotocol;
  readonly number: number;
  readonly isLight: boolean;
  protected readonly database: Database;
  readonly #counts = new Map<string, number>();
  protected nextId = 1;

  constructor(database: Database, number: number, protocol: Subprotocol, isLight: boolean) {
    this.database = database;
    this.number = number;
    this.protocol = protocol;
    this.isLight = isLight;
    const identity = testIdentity(`client ${number}`);
    const connectionId = ConnectionId.fromBigInt(BigInt(number));
    const jwtPayload = JSON.stringify({ iss: 'lightcone-testing', sub: `client ${number}` });
    const isConfirmed = number % 2 === 0;
    database.connect({ number, identity, connectionId, jwtPayload, token: '', protocol, isConfirmed, isLight });
  }

  static of(database: Database, number: number, protocol: Subprotocol, isLight: boolean): ProtocolClient {
    return protocol.startsWith('v1.')
      ? new V1ProtocolClient(database, number, protocol, isLight)
      : new V2ProtocolClient(database, number, protocol, isLight);
  }

  /** Takes a message; the bytes are not kept. */
  abstract receive(payload: Uint8Array): void;
  abstract subscribe(style: Style, queries: readonly string[]): void;
  /** Ends the subscription that was made first, if there is one. */
  abstract unsubscribe(): void;
  abstract callReducer(reducer: string, params: AlgebraicType, args: object, wantsAnswer: boolean): void;
  /** Every query that it should see the rows of, as often as it should. */
  abstract followed(): string[];

  /** The rows that it has by now, each as often as it counts; sorted. */
  rows(): string[] {
    return [...this.#counts].flatMap(([row, count]) => Array.from({ length: count }, () => row)).toSorted();
  }

  /** The errors that it got, as they came. */
  readonly errors: string[] = [];

  protected forgetRows(): void {
    this.#counts.clear();
  }

  protected count(row: string, weight: 1 | -1): void {
    const count = (this.#counts.get(row) ?? 0) + weight;
    if (count < 0) throw new Error(`${this.protocol}: a row was deleted that was not there: ${row}`);
    if (count === 0) this.#counts.delete(row);
    else this.#counts.set(row, count);
  }

  protected countList(table: string, list: RowList, weight: 1 | -1): void {
    const type = this.database.rowType(table);
    for (let i = 0; i < rowCount(list); i++) {
      const value = type.decode(new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1)));
      this.count(`${table} ${writeJson(type.type, [], value, 'untyped')}`, weight);
    }
  }
}

class V2ProtocolClient extends ProtocolClient {
  readonly #querySets = new Map<number, readonly string[]>();

  receive(payload: Uint8Array): void {
    const message = readServerMessage(new ByteReader(payload));
    switch (message.tag) {
      case 'SubscribeApplied':
        for (const { table, rows } of message.tables) this.countList(table, rows, 1);
        break;
      case 'UnsubscribeApplied':
        for (const { table, rows } of message.tables ?? []) this.countList(table, rows, -1);
        break;
      case 'TransactionUpdate':
        this.#apply(message.querySets);
        break;
      case 'ReducerResult':
        if (message.outcome.tag === 'Ok') this.#apply(message.outcome.querySets);
        break;
      case 'SubscriptionError':
        this.errors.push(message.error);
        break;
      default:
    }
  }

  subscribe(_style: Style, queries: readonly string[]): void {
    const id = this.nextId++;
    this.#querySets.set(id, queries);
    this.#send({ tag: 'Subscribe', requestId: id, querySetId: id, queries });
  }

  unsubscribe(): void {
    const [id] = this.#querySets.keys();
    if (id === undefined) return;
    this.#querySets.delete(id);
    this.#send({ tag: 'Unsubscribe', requestId: this.nextId++, querySetId: id, sendDroppedRows: true });
  }

  callReducer(reducer: string, params: AlgebraicType, args: object): void {
    this.#send({ tag: 'CallReducer', requestId: this.nextId++, reducer, args: encode(params, args) });
  }

  followed(): string[] {
    return [...this.#querySets.values()].flatMap((queries) => [...new Set(queries)]);
  }

  #apply(querySets: Extract<ReturnType<typeof readServerMessage>, { tag: 'TransactionUpdate' }>['querySets']): void {
    for (const { table, changes } of querySets.flatMap(({ tables }) => tables)) {
      for (const change of changes) {
        if (change.tag === 'EventTable') continue;
        // An updated row is a delete and an insert, which may be of equal rows of another query.
        this.countList(table, change.inserts, 1);
        this.countList(table, change.deletes, -1);
      }
    }
  }

  #send(message: Parameters<typeof writeClientMessage>[1]): void {
    const writer = new ByteWriter();
    writeClientMessage(writer, message);
    this.database.receive(this.number, writer.bytes, 0, writer.length);
  }
}

class V1ProtocolClient extends ProtocolClient {
  #legacy: readonly string[] = [];
  /** The requests for a set without an id whose answers are all that the client has. */
  readonly #alone = new Set<number>();
  readonly #byId = new Map<number, { readonly style: Style; readonly queries: readonly string[] }>();

  get #isJson(): boolean {
    return this.protocol === 'v1.json.spacetimedb';
  }

  receive(payload: Uint8Array): void {
    if (this.#isJson) {
      this.#take(v1.parseServerMessage(new TextDecoder().decode(payload)), (table, rows, weight) => {
        const type = this.database.rowType(table).type;
        for (const row of rows) {
          this.count(`${table} ${writeJson(type, [], readJson(type, [], parseJson(row)), 'untyped')}`, weight);
        }
      });
    } else {
      const message = v1.readServerMessage(new ByteReader(payload));
      this.#take(message, (table, rows, weight) => this.countList(table, rows, weight));
    }
  }

  subscribe(style: Style, queries: readonly string[]): void {
    // What rows to forget a client knows only if it has the set without an id alone.
    if (style === 'legacy' && (this.#byId.size === 0 || this.#legacy.length === 0)) {
      if (this.#byId.size === 0) this.#alone.add(this.nextId);
      this.#legacy = queries;
      this.#send({ tag: 'Subscribe', requestId: this.nextId++, queries });
      return;
    }
    const queryId = this.nextId++;
    const [query] = queries;
    // A query under two ids of this kind gets its rows twice and its changes once: see docs/compatibility.md.
    const isHeld = [...this.#byId.values()].some((other) => other.queries.includes(query ?? ''));
    if (style === 'single' && query !== undefined && !isHeld) {
      this.#byId.set(queryId, { style, queries: [query] });
      this.#send({ tag: 'SubscribeSingle', requestId: queryId, queryId, query });
    } else {
      this.#byId.set(queryId, { style: 'multi', queries });
      this.#send({ tag: 'SubscribeMulti', requestId: queryId, queryId, queries });
    }
  }

  unsubscribe(): void {
    const [first] = this.#byId;
    if (first === undefined) return;
    const [queryId, { style }] = first;
    this.#byId.delete(queryId);
    const tag = style === 'single' ? 'Unsubscribe' : 'UnsubscribeMulti';
    this.#send({ tag, requestId: this.nextId++, queryId });
  }

  callReducer(reducer: string, params: AlgebraicType, args: object, wantsAnswer: boolean): void {
    const requestId = this.nextId++;
    const encoded = this.#isJson ? writeJson(params, [], args as never, 'untyped') : encode(params, args);
    this.#send({ tag: 'CallReducer', requestId, reducer, args: encoded, noSuccessNotify: !wantsAnswer });
  }

  followed(): string[] {
    const withId = [...this.#byId.values()].flatMap(({ queries }) => queries);
    return [...new Set(this.#legacy), ...new Set(withId)];
  }

  #take<Rows, Value>(
    message: v1.ServerMessage<Rows, Value>,
    count: (table: string, rows: Rows, weight: 1 | -1) => void,
  ): void {
    const apply = (tables: readonly v1.TableUpdate<Rows>[]): void => {
      for (const { table, updates } of tables) {
        for (const { inserts, deletes } of updates) {
          count(table, inserts, 1);
          count(table, deletes, -1);
        }
      }
    };
    switch (message.tag) {
      case 'InitialSubscription':
        if (this.#alone.has(message.requestId)) this.forgetRows();
        apply(message.tables);
        break;
      case 'SubscribeApplied':
      case 'UnsubscribeApplied':
        apply([message.table]);
        break;
      case 'SubscribeMultiApplied':
      case 'UnsubscribeMultiApplied':
      case 'TransactionUpdateLight':
        apply(message.tables);
        break;
      case 'TransactionUpdate':
        if (message.status.tag === 'Committed') apply(message.status.tables);
        break;
      case 'SubscriptionError':
        this.errors.push(message.error);
        break;
      default:
    }
  }

  #send(message: v1.ClientMessage): void {
    const writer = new ByteWriter();
    if (this.#isJson) writer.text(v1.formatClientMessage(message));
    else v1.writeClientMessage(writer, message);
    this.database.receive(this.number, writer.bytes, 0, writer.length, this.#isJson);
  }
}

function encode(type: AlgebraicType, value: object): Uint8Array {
  const writer = new ByteWriter();
  compileType(type, []).encode(writer, value as never);
  return writer.finish();
}
