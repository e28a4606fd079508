import type {
  ServerMessage,
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
import type { PlannedQueries } from '../subscriptions/planned-query.ts';
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
    const planned = door.refuseRequest(client.quota)?.message ?? (yield* subscriptions.plan(client, texts, replaced));
    if (typeof planned === 'string') {
      this.#sendError(client, requestId, undefined, planned, startNanos);
      return;
    }
    const queries = [...planned.values()].map(({ plan }) => ({ plan, sender: client.identity.bytes }));
    // Before the old set goes, which stays if the new one cannot be had.
    const tables = rowsOrRefusal(() => this.#tables(queries, 'inserts'));
    if (typeof tables === 'string') {
      this.#sendError(client, requestId, undefined, tables, startNanos);
      return;
    }
    // An update may have ended it meanwhile, or made another one of it.
    const old = client.querySets.get(LEGACY_SET_ID);
    if (old !== undefined) subscriptions.drop(old);
    subscriptions.register(client, LEGACY_SET_ID, planned);
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'InitialSubscription', requestId, tables, durationMicros });
  }

  *subscribeSingle(client: Client, { requestId, queryId, query: text }: SubscribeSingle): Generator<void, void> {
    const startNanos = this.#sender.now();
    const { subscriptions } = this.#sender.core;
    const planned = yield* this.#plan(client, queryId, [text]);
    if (typeof planned === 'string' || planned.size !== 1) {
      const error = typeof planned === 'string' ? planned : `\`${text}\` is not one query: use SubscribeMulti`;
      this.#sendError(client, requestId, queryId, error, startNanos);
      return;
    }
    const querySet = subscriptions.register(client, queryId, planned);
    const table = rowsOrRefusal(() => this.#table(querySet.queries[0]!, 'inserts')); // one was planned
    if (typeof table === 'string') {
      subscriptions.drop(querySet);
      this.#sendError(client, requestId, queryId, table, startNanos);
      return;
    }
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'SubscribeApplied', requestId, queryId, table, durationMicros });
  }

  *subscribeMulti(client: Client, { requestId, queryId, queries: texts }: SubscribeMulti): Generator<void, void> {
    const startNanos = this.#sender.now();
    const planned = yield* this.#plan(client, queryId, texts);
    if (typeof planned === 'string') {
      this.#sendError(client, requestId, queryId, planned, startNanos);
      return;
    }
    const { subscriptions } = this.#sender.core;
    const querySet = subscriptions.register(client, queryId, planned);
    const acquired = querySet.queries.filter((query) => !isHeldElsewhere(query, querySet));
    const tables = rowsOrRefusal(() => this.#tables(acquired, 'inserts'));
    if (typeof tables === 'string') {
      subscriptions.drop(querySet);
      this.#sendError(client, requestId, queryId, tables, startNanos);
      return;
    }
    const durationMicros = this.#sender.microsSince(startNanos);
    this.#sender.send(client, { tag: 'SubscribeMultiApplied', requestId, queryId, tables, durationMicros });
  }

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
    this.#sender.core.subscriptions.drop(querySet);
    let answer: ServerMessage<Uint8Array, Value>;
    if (tag === 'Unsubscribe' && query !== undefined) {
      const table = lost.length > 0 ? this.#table(query, 'deletes') : this.#emptyTable(query);
      answer = { tag: 'UnsubscribeApplied', requestId, queryId, table, durationMicros: 0n };
    } else {
      const tables = this.#tables(lost, 'deletes');
      answer = { tag: 'UnsubscribeMultiApplied', requestId, queryId, tables, durationMicros: 0n };
    }
    this.#sender.send(client, { ...answer, durationMicros: this.#sender.microsSince(startNanos) });
  }

  /** Plans queries that get an id, or says why the client cannot have them under it. */
  *#plan(client: Client, queryId: number, texts: readonly string[]): Generator<void, PlannedQueries | string> {
    const overload = this.#sender.core.door.refuseRequest(client.quota);
    if (overload !== undefined) return overload.message;
    if (client.querySets.has(queryId)) {
      const id = `(${client.identity.toHex()}, ${client.caller.connectionId.toHex()})`;
      return `Subscription with id QueryId { id: ${queryId} } already exists for client: ${id}`;
    }
    const planned = yield* this.#sender.core.subscriptions.plan(client, texts);
    if (typeof planned === 'string') return planned;
    for (const { plan } of planned.values()) {
      if (plan.table.isEvent) {
        return (
          `Subscribing to the event table \`${plan.table.name}\` requires WebSocket v2: ` +
          'update the client library and generate your module bindings anew'
        );
      }
    }
    return planned;
  }

  /** All rows of some queries; a table without rows gets no entry. */
  #tables(queries: readonly CallersQuery[], as: 'inserts' | 'deletes'): TableUpdate<Uint8Array>[] {
    const { rows } = this.#sender.core;
    return queries.filter(({ plan }) => rows.rowCount(plan.table.id) > 0).map((query) => this.#table(query, as));
  }

  #table({ plan, sender }: CallersQuery, as: 'inserts' | 'deletes'): TableUpdate<Uint8Array> {
    const { core, encoding } = this.#sender;
    const { count, list } = encoding.encodeRows(plan, core.rows, sender);
    const update =
      as === 'inserts' ? { deletes: encoding.noRows, inserts: list } : { deletes: list, inserts: encoding.noRows };
    return { tableId: plan.table.id, table: plan.table.name, rowCount: count, updates: [update] };
  }

  #emptyTable({ plan }: CallersQuery): TableUpdate<Uint8Array> {
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

/** A query as one caller sees it: a live one, or one that is not yet. */
type CallersQuery = Pick<LiveQuery, 'plan' | 'sender'>;

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
  const isAnother = (other: QuerySet): boolean => other !== querySet && other.id !== LEGACY_SET_ID;
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
