import type {
  InitialSubscription,
  QueriesApplied,
  QueryApplied,
  Subscribe,
  SubscribeMulti,
  SubscribeSingle,
  SubscriptionError,
  TableUpdate,
  Unsubscribe,
} from '@lightcone/protocol/v1';
import { QueryError } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { LiveQuery } from '../subscriptions/live-query.ts';
import type { QuerySet } from '../subscriptions/query-set.ts';
import { LEGACY_SET_ID } from './v1-changes.ts';
import type { V1Sender } from './v1-sender.ts';
import type { Steps } from './wire.ts';

type SubscriptionAnswer =
  | InitialSubscription<Uint8Array>
  | QueryApplied<Uint8Array>
  | QueriesApplied<Uint8Array>
  | SubscriptionError;

/** A message without what is measured only when it is written. */
type Untimed<Message> = Message extends unknown ? Omit<Message, 'durationMicros'> : never;

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

  subscribe(client: Client, { requestId, queries: texts }: Subscribe): Steps {
    return this.#follow(client, requestId, undefined, texts, ({ queries }) => ({
      tag: 'InitialSubscription',
      requestId,
      tables: this.#tables(queries, 'inserts'),
    }));
  }

  subscribeSingle(client: Client, { requestId, queryId, query: text }: SubscribeSingle): Steps {
    return this.#follow(client, requestId, queryId, [text], ({ queries: [query, ...others] }) => {
      if (query === undefined || others.length > 0) {
        throw new QueryError('QUERY_UNSUPPORTED', `\`${text}\` is not one query: use SubscribeMulti`);
      }
      return { tag: 'SubscribeApplied', requestId, queryId, table: this.#table(query, 'inserts') };
    });
  }

  subscribeMulti(client: Client, { requestId, queryId, queries: texts }: SubscribeMulti): Steps {
    return this.#follow(client, requestId, queryId, texts, (querySet) => {
      const acquired = querySet.queries.filter((query) => !isHeldElsewhere(query, querySet));
      return { tag: 'SubscribeMultiApplied', requestId, queryId, tables: this.#tables(acquired, 'inserts') };
    });
  }

  /** Ends a query set, unless its rows are too many for the answer: then it goes on. */
  unsubscribe(client: Client, { tag, requestId, queryId }: Unsubscribe): void {
    const startNanos = this.#sender.now();
    const refuse = (error: string): void => this.#sendError(client, requestId, queryId, error, startNanos);
    const querySet = client.querySets.get(queryId);
    if (querySet === undefined) {
      refuse(`Subscription not found: QueryId { id: ${queryId} }`);
      return;
    }
    const { queries } = querySet;
    const [query, ...others] = queries;
    if (tag === 'Unsubscribe' && (query === undefined || others.length > 0)) {
      refuse(`Subscription ${queryId} has ${queries.length} queries: end it with UnsubscribeMulti`);
      return;
    }
    const lost = queries.filter((each) => !isHeldElsewhere(each, querySet));
    try {
      if (tag === 'Unsubscribe' && query !== undefined) {
        const table = lost.length > 0 ? this.#table(query, 'deletes') : this.#emptyTable(query);
        this.#send(client, { tag: 'UnsubscribeApplied', requestId, queryId, table }, startNanos);
      } else {
        const tables = this.#tables(lost, 'deletes');
        this.#send(client, { tag: 'UnsubscribeMultiApplied', requestId, queryId, tables }, startNanos);
      }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      refuse(`${error.message}: the subscription goes on`);
      return;
    }
    this.#sender.core.subscriptions.drop(querySet);
  }

  /**
   * Subscribes, and answers.
   * @param queryId undefined for the set without an id
   * @param answerOf reads the first rows; a `QueryError` says why the client cannot have them
   */
  *#follow(
    client: Client,
    requestId: number,
    queryId: number | undefined,
    texts: readonly string[],
    answerOf: (querySet: QuerySet) => Untimed<SubscriptionAnswer>,
  ): Generator<void, void> {
    const startNanos = this.#sender.now();
    const { door, subscriptions } = this.#sender.core;
    const error =
      door.refuseRequest(client.quota)?.message ??
      refuseQueryId(client, queryId) ??
      (yield* subscriptions.subscribe(client, queryId ?? LEGACY_SET_ID, texts, (querySet) => {
        if (queryId !== undefined) refuseEvents(querySet);
        this.#send(client, answerOf(querySet), startNanos);
      }));
    if (error !== undefined) this.#sendError(client, requestId, queryId, error, startNanos);
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
    this.#send(client, { tag: 'SubscriptionError', requestId, queryId, tableId: undefined, error }, startNanos);
  }

  #send(client: Client, answer: Untimed<SubscriptionAnswer>, startNanos: bigint): void {
    this.#sender.send(client, { ...answer, durationMicros: this.#sender.microsSince(startNanos) });
  }
}

function refuseQueryId({ querySets, identity, caller }: Client, id: number | undefined): string | undefined {
  if (id === undefined || !querySets.has(id)) return undefined;
  const ids = `(${identity.toHex()}, ${caller.connectionId.toHex()})`;
  return `Subscription with id QueryId { id: ${id} } already exists for client: ${ids}`;
}

/** @throws QueryError if one of the queries is of an event table */
function refuseEvents({ queries }: QuerySet): void {
  const event = queries.find(({ plan }) => plan.table.isEvent);
  if (event === undefined) return;
  throw new QueryError(
    'QUERY_UNSUPPORTED',
    `Subscribing to the event table \`${event.tableName}\` requires WebSocket v2: ` +
      'update the client library and generate your module bindings anew',
  );
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
