import type {
  QueriesApplied,
  QueryApplied,
  Subscribe,
  SubscribeMulti,
  SubscribeSingle,
  TableUpdate,
  Unsubscribe,
} from '@lightcone/protocol/v1';
import { QueryError } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { LiveQuery } from '../subscriptions/live-query.ts';
import type { QuerySet } from '../subscriptions/query-set.ts';
import { LEGACY_SET_ID } from './v1-changes.ts';
import type { V1Sender } from './v1-sender.ts';

/**
 * Subscribing on v1, in its three styles (file 32 §1 of the specification). A client has one set of
 * queries without an id, which `Subscribe` replaces, and any number with one. Of a query that it has
 * under several ids `SubscribeMulti` sends the rows with the first and `UnsubscribeMulti` drops them
 * with the last; `SubscribeSingle` always sends them.
 */
export class V1Subscribing<Value> {
  readonly #sender: V1Sender<Value>;

  constructor(sender: V1Sender<Value>) {
    this.#sender = sender;
  }

  *subscribe(client: Client, { requestId, queries: texts }: Subscribe): Generator<void, void> {
    const startNanos = this.#sender.now();
    const { subscriptions, door } = this.#sender.core;
    const replaced = client.querySets.get(LEGACY_SET_ID);
    const querySet =
      door.refuseRequest(client.quota)?.message ??
      (yield* subscriptions.prepare(client, LEGACY_SET_ID, texts, replaced));
    if (typeof querySet === 'string') {
      this.#sendError(client, requestId, undefined, querySet, startNanos);
      return;
    }
    const tables = rowsOrRefusal(() => this.#tables(querySet.queries, 'inserts'));
    if (typeof tables === 'string') {
      subscriptions.drop(querySet);
      this.#sendError(client, requestId, undefined, tables, startNanos);
      return;
    }
    // Not before: it stays if the new one cannot be had. An update may have ended it, or made another one of it.
    const old = client.querySets.get(LEGACY_SET_ID);
    if (old !== undefined) subscriptions.drop(old);
    subscriptions.begin(querySet);
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'InitialSubscription', requestId, tables, durationMicros });
  }

  *subscribeSingle(client: Client, { requestId, queryId, query: text }: SubscribeSingle): Generator<void, void> {
    const startNanos = this.#sender.now();
    const { subscriptions } = this.#sender.core;
    const querySet = yield* this.#prepare(client, queryId, [text]);
    if (typeof querySet === 'string') {
      this.#sendError(client, requestId, queryId, querySet, startNanos);
      return;
    }
    const [query, ...others] = querySet.queries;
    const table =
      query === undefined || others.length > 0
        ? `\`${text}\` is not one query: use SubscribeMulti`
        : rowsOrRefusal(() => this.#table(query, 'inserts'));
    if (typeof table === 'string') {
      subscriptions.drop(querySet);
      this.#sendError(client, requestId, queryId, table, startNanos);
      return;
    }
    subscriptions.begin(querySet);
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'SubscribeApplied', requestId, queryId, table, durationMicros });
  }

  *subscribeMulti(client: Client, { requestId, queryId, queries: texts }: SubscribeMulti): Generator<void, void> {
    const startNanos = this.#sender.now();
    const querySet = yield* this.#prepare(client, queryId, texts);
    if (typeof querySet === 'string') {
      this.#sendError(client, requestId, queryId, querySet, startNanos);
      return;
    }
    const { subscriptions } = this.#sender.core;
    const acquired = querySet.queries.filter((query) => !isHeldElsewhere(query, querySet));
    const tables = rowsOrRefusal(() => this.#tables(acquired, 'inserts'));
    if (typeof tables === 'string') {
      subscriptions.drop(querySet);
      this.#sendError(client, requestId, queryId, tables, startNanos);
      return;
    }
    subscriptions.begin(querySet);
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'SubscribeMultiApplied', requestId, queryId, tables, durationMicros });
  }

  /** Ends a query set, unless its rows are too many for the answer: then it goes on. */
  unsubscribe(client: Client, { tag, requestId, queryId }: Unsubscribe): void {
    const startNanos = this.#sender.now();
    const querySet = client.querySets.get(queryId);
    if (querySet === undefined) {
      const error = `Subscription not found: QueryId { id: ${queryId} }`;
      this.#sendError(client, requestId, queryId, error, startNanos);
      return;
    }
    const { queries } = querySet;
    const [query] = queries;
    if (tag === 'Unsubscribe' && (query === undefined || queries.length > 1)) {
      const error = `Subscription ${queryId} has ${queries.length} queries: end it with UnsubscribeMulti`;
      this.#sendError(client, requestId, queryId, error, startNanos);
      return;
    }
    const lost = queries.filter((each) => !isHeldElsewhere(each, querySet));
    const answer = rowsOrRefusal((): QueryApplied<Uint8Array> | QueriesApplied<Uint8Array> => {
      if (tag === 'Unsubscribe' && query !== undefined) {
        const table = lost.length > 0 ? this.#table(query, 'deletes') : this.#emptyTable(query);
        return { tag: 'UnsubscribeApplied', requestId, queryId, table, durationMicros: 0n };
      }
      const tables = this.#tables(lost, 'deletes');
      return { tag: 'UnsubscribeMultiApplied', requestId, queryId, tables, durationMicros: 0n };
    });
    if (typeof answer === 'string') {
      this.#sendError(client, requestId, queryId, `${answer}: the subscription goes on`, startNanos);
      return;
    }
    this.#sender.core.subscriptions.drop(querySet);
    this.#sender.send(client, { ...answer, durationMicros: this.#sender.microsSince(startNanos) });
  }

  /** Prepares queries that get an id, or says why the client cannot have them under it. */
  *#prepare(client: Client, queryId: number, texts: readonly string[]): Generator<void, QuerySet | string> {
    const overload = this.#sender.core.door.refuseRequest(client.quota);
    if (overload !== undefined) return overload.message;
    if (client.querySets.has(queryId)) {
      const id = `(${client.identity.toHex()}, ${client.caller.connectionId.toHex()})`;
      return `Subscription with id QueryId { id: ${queryId} } already exists for client: ${id}`;
    }
    const { subscriptions } = this.#sender.core;
    const querySet = yield* subscriptions.prepare(client, queryId, texts);
    if (typeof querySet === 'string') return querySet;
    const event = querySet.queries.find(({ plan }) => plan.table.isEvent);
    if (event === undefined) return querySet;
    subscriptions.drop(querySet);
    return (
      `Subscribing to the event table \`${event.tableName}\` requires WebSocket v2: ` +
      'update the client library and generate your module bindings anew'
    );
  }

  /** All rows of some queries; a table without rows gets no entry. */
  #tables(queries: readonly LiveQuery[], as: 'inserts' | 'deletes'): TableUpdate<Uint8Array>[] {
    const { rows } = this.#sender.core;
    return queries.filter(({ plan }) => rows.rowCount(plan.table.id) > 0).map((query) => this.#table(query, as));
  }

  #table({ plan, sender }: LiveQuery, as: 'inserts' | 'deletes'): TableUpdate<Uint8Array> {
    const { core, encoding } = this.#sender;
    const { count, list } = encoding.encodeRows(plan, core.rows, sender);
    const update =
      as === 'inserts' ? { deletes: encoding.noRows, inserts: list } : { deletes: list, inserts: encoding.noRows };
    return { tableId: plan.table.id, table: plan.table.name, rowCount: count, updates: [update] };
  }

  #emptyTable({ plan }: LiveQuery): TableUpdate<Uint8Array> {
    const { noRows } = this.#sender.encoding;
    const updates = [{ deletes: noRows, inserts: noRows }];
    return { tableId: plan.table.id, table: plan.table.name, rowCount: 0, updates };
  }

  #sendError(client: Client, requestId: number, queryId: number | undefined, error: string, startNanos: bigint): void {
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, {
      tag: 'SubscriptionError',
      requestId,
      queryId,
      tableId: undefined,
      error,
      durationMicros,
    });
  }
}

/** Rows, or why they are too many: that turns out only while they are gathered. */
function rowsOrRefusal<T>(rows: () => T): T | string {
  try {
    return rows();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return error.message;
  }
}

/** Whether the client of a query set has one of its queries under another id, too; the set without an id does not count. */
function isHeldElsewhere(query: LiveQuery, querySet: QuerySet): boolean {
  const { client } = querySet;
  const isAnother = (other: QuerySet): boolean => other !== querySet && other.isLive && other.id !== LEGACY_SET_ID;
  // Both ways lead to the answer; one is short when many share the query, the other when the client has many sets.
  if (client.querySets.size < query.querySets.size) {
    for (const other of client.querySets.values()) {
      if (isAnother(other) && other.queries.includes(query)) return true;
    }
  } else {
    for (const other of query.querySets) if (other.client === client && isAnother(other)) return true;
  }
  return false;
}
