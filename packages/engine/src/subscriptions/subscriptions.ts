import { QueryError, type RowSource, type RowsPlan, interestsOf } from '@lightcone/query';
import type { TransactionDelta } from '@lightcone/store';
import type { Client } from '../client.ts';
import type { TransactionOrigin } from '../connection/wire.ts';
import type { SubscriptionCounts } from '../metrics.ts';
import type { Outbox } from '../outbox.ts';
import type { CallerQueries } from '../queries/caller-queries.ts';
import type { ViewAccess } from '../queries/view-access.ts';
import { EndedQuerySets } from './ended-query-sets.ts';
import { type FailedQuery, LiveQueries } from './live-queries.ts';
import type { LiveQuery } from './live-query.ts';
import type { PlannedQueries, PlannedQuery } from './planned-query.ts';
import { refuseQueries, refuseTexts } from './query-limits.ts';
import { QuerySet } from './query-set.ts';

/** `SELECT * FROM *`: every user table that the caller may read. */
const EVERY_TABLE = /^\s*select\s+\*\s+from\s+\*\s*$/i;

/**
 * Who subscribes to what, and what a transaction means to them.
 *
 * What clients are told, and how, is their `Wire`'s business; this knows no messages.
 *
 * A live query is shared by all clients that see the same rows through it; see `sharingKey`. Every
 * subscribe plans the query for its own caller first, so that sharing never skips a permission check.
 */
export class Subscriptions {
  readonly #rows: RowSource;
  readonly #outbox: Outbox;
  readonly #planner: CallerQueries;
  readonly #views: ViewAccess;
  readonly #reportFailure: (query: string, error: unknown) => void;
  readonly #queries: LiveQueries;
  readonly #changedQueries: LiveQuery[] = [];
  readonly #changedClients: Client[] = [];
  readonly #ended: EndedQuerySets;
  #subscribedCount = 0;
  /** Counts how often what queries may name or see has changed. */
  #generation = 0;

  /**
   * @param defer runs a function later, unless the database is closed by then
   * @param reportFailure takes what went wrong with a query: a mistake of ours, so that it is known
   */
  constructor(
    rows: RowSource,
    outbox: Outbox,
    planner: CallerQueries,
    views: ViewAccess,
    defer: (run: () => void) => void,
    reportFailure: (query: string, error: unknown) => void,
  ) {
    this.#rows = rows;
    this.#outbox = outbox;
    this.#planner = planner;
    this.#views = views;
    this.#reportFailure = reportFailure;
    this.#queries = new LiveQueries(rows);
    this.#ended = new EndedQuerySets(defer, (querySet, query) => this.#letGo(querySet, query));
  }

  get counts(): SubscriptionCounts {
    return { subscribed: this.#subscribedCount, ...this.#queries.counts };
  }

  get queryCount(): number {
    return this.#queries.size;
  }

  /**
   * Lets a client follow queries, in steps: transactions may run in between, until its first rows are read. From these on
   * it is told of changes. What it follows under the id already goes only then: it stays if the new queries cannot be had.
   * @param texts may have `SELECT * FROM *` among them
   * @param answer reads the first rows and answers with them; a `QueryError` says why the client cannot have them
   * @returns why the client does not follow the queries, if so
   */
  *subscribe(
    client: Client,
    querySetId: number,
    texts: readonly string[],
    answer: (querySet: QuerySet) => void,
  ): Generator<void, string | undefined> {
    const querySet = yield* this.#prepare(client, querySetId, texts);
    if (typeof querySet === 'string') return querySet;
    try {
      answer(querySet);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      this.drop(querySet);
      return error.message;
    }
    // Looked up only now: an update may have ended it, or made another one of it.
    const replaced = client.querySets.get(querySetId);
    if (replaced !== undefined) this.drop(replaced);
    this.#begin(querySet);
    return undefined;
  }

  /**
   * Plans queries for a client, each once, and puts them where transactions find them: all of a subscribe that takes
   * time, in steps.
   * @returns a query set that has not begun, or why there is none
   */
  *#prepare(client: Client, querySetId: number, texts: readonly string[]): Generator<void, QuerySet | string> {
    const replaced = client.querySets.get(querySetId);
    const refusal = refuseTexts(client, texts, replaced);
    if (refusal !== undefined) return refusal;
    for (;;) {
      const generation = this.#generation;
      const planned = yield* this.#plan(
        client,
        texts.flatMap((text) => this.#expand(text.trim(), client)),
        (text) => this.#planner.planSubscription(text, client),
      );
      // Else the module was updated on the way, and what was planned before may mean something else now.
      if (generation !== this.#generation) continue;
      if (typeof planned === 'string') return planned;
      const tooMuch = refuseQueries(client, planned, replaced, this.#rows);
      if (tooMuch !== undefined) return tooMuch;
      const querySet = new QuerySet(querySetId, client);
      client.gathering = querySet;
      yield* this.#gather(querySet, planned);
      client.gathering = undefined;
      if (generation === this.#generation) return querySet;
      this.drop(querySet);
    }
  }

  #begin(querySet: QuerySet): void {
    const { client, id, queries } = querySet;
    querySet.isLive = true;
    client.querySets.set(id, querySet);
    this.#subscribedCount += queries.length;
    client.queryCount += queries.length;
    client.queryWeight += querySet.weight;
    client.wideWeight += querySet.wideWeight;
  }

  /**
   * Plans live queries anew, for each client that has them, after what queries may name or see has changed: those on which
   * this may bear. A query set of which a query is no longer allowed, no longer possible, or means other tables now, ends
   * with an error.
   *
   * Called when the catalog is new and no transaction is being evaluated.
   */
  replan(): void {
    this.#generation++;
    const querySets = new Set<QuerySet>();
    for (const query of this.#queries) {
      if (this.#planner.isCurrent(query.plan)) continue;
      // Those that have not begun are prepared anew.
      for (const querySet of query.querySets) if (querySet.isLive) querySets.add(querySet);
      this.#queries.drop(query);
    }
    const ended: { client: Client; id: number; error: string }[] = [];
    for (const querySet of querySets) {
      const { id, client } = querySet;
      const oldPlans = new Map(querySet.queries.map(({ text, plan }) => [text, plan]));
      const planned = inOneGo(
        this.#plan(client, [...oldPlans.keys()], (text) => {
          const plan = this.#planner.planFollowed(text, client);
          if (areSameTables(plan, oldPlans.get(text)!)) return plan; // the texts are the keys
          throw new QueryError('QUERY_UNKNOWN_TABLE', 'since an update its names mean other tables; subscribe again');
        }),
      );
      if (typeof planned === 'string') {
        ended.push({ client, id, error: planned });
        this.drop(querySet);
        continue;
      }
      const next = new QuerySet(id, client);
      inOneGo(this.#gather(next, planned));
      // Only now, so that a view that is still read does not become unused in between.
      this.drop(querySet);
      this.#begin(next);
    }
    for (const { client, id, error } of ended) client.wire.querySetEnded(client, id, error);
  }

  /** Ends a query set: its client is told of nothing any more. */
  drop(querySet: QuerySet): void {
    this.#end(querySet);
    this.#ended.letSomeGo();
  }

  /** Ends all query sets of a client that have begun. */
  dropAll(client: Client): void {
    for (const querySet of client.querySets.values()) this.#end(querySet);
    this.#ended.letSomeGo();
  }

  /** Forgets a client that is gone, and what is being prepared for it. */
  removeClient(client: Client): void {
    if (client.gathering !== undefined) this.#end(client.gathering);
    client.gathering = undefined;
    this.dropAll(client);
  }

  /**
   * Evaluates every query that a transaction may have changed. Until `endTransaction` the clients
   * concerned know their changed query sets.
   */
  evaluate(delta: TransactionDelta): void {
    if (this.#queries.size === 0) return;
    const failed: FailedQuery[] = [];
    this.#queries.evaluate(delta, this.#changedQueries, failed);
    for (const { query, error } of failed) this.#endFailed(query, error);
    for (const query of this.#changedQueries) this.#markChanged(query);
    for (const client of this.#changedClients) client.changedQuerySets.sort((a, b) => a.id - b.id);
  }

  /** What the evaluated transaction changed: where the `changesStart` of live queries points into. */
  get changes(): Uint8Array {
    return this.#queries.changes;
  }

  /** Sends the evaluated transaction to every client concerned but its caller, and forgets it. */
  endTransaction(caller: Client | undefined, origin: TransactionOrigin): void {
    // Most transactions concern nobody, and to cut a list to nothing costs as much as a look-up.
    if (this.#changedQueries.length === 0) return;
    if (this.#changedClients.length > 0) this.#broadcast(caller, origin);
    for (const query of this.#changedQueries) query.isChanged = false;
    this.#changedQueries.length = 0;
    for (const client of this.#changedClients) {
      for (const querySet of client.changedQuerySets) querySet.isChanged = false;
      client.changedQuerySets.length = 0;
    }
    this.#changedClients.length = 0;
  }

  /** One message for all clients of a lane whose updates are the same bytes. */
  #broadcast(caller: Client | undefined, origin: TransactionOrigin): void {
    const groups = new Map<string, Client[]>();
    for (const client of this.#changedClients) {
      if (client === caller) continue;
      const shape = `${client.isConfirmed ? 'c' : 'u'} ${client.wire.updateShape(client)}`;
      const group = groups.get(shape);
      if (group === undefined) groups.set(shape, [client]);
      else group.push(client);
    }
    for (const group of groups.values()) {
      const first = group[0]!; // groups are made with their first member
      const lane = this.#outbox.lane(first.isConfirmed);
      lane.beginBroadcast(group.map((client) => client.number));
      first.wire.writeUpdate(lane.writer, first, origin);
      lane.end();
    }
  }

  #markChanged(query: LiveQuery): void {
    for (const querySet of query.querySets) {
      if (querySet.isChanged || !querySet.isLive) continue;
      querySet.isChanged = true;
      const { client } = querySet;
      if (client.changedQuerySets.length === 0) this.#changedClients.push(client);
      client.changedQuerySets.push(querySet);
    }
  }

  /** A plan for each text, by the key of its query; or why there is none. Each is a step. */
  *#plan(
    client: Client,
    texts: readonly string[],
    planOf: (text: string) => RowsPlan,
  ): Generator<void, PlannedQueries | string> {
    const planned = new Map<string, PlannedQuery>();
    for (const text of texts) {
      if (planned.size > 0) yield;
      try {
        const plan = planOf(text);
        const interests = interestsOf(plan, client.identity.bytes);
        planned.set(sharingKey(text, plan, client), { text, plan, interests });
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        return `${error.message}, executing: \`${text}\``;
      }
    }
    return planned;
  }

  /** Gives planned queries to a query set, as long as they mean the same; each is a step. */
  *#gather(querySet: QuerySet, planned: PlannedQueries): Generator<void, void> {
    const { client } = querySet;
    const generation = this.#generation;
    for (const [key, query] of planned) {
      if (querySet.queries.length > 0) yield;
      if (generation !== this.#generation) return;
      const live = this.#queries.share(key, query, client.identity.bytes);
      querySet.gather(live);
      this.#views.retain(live.plan.views, client.identity);
    }
    querySet.queries.sort((a, b) => (a.tableName < b.tableName ? -1 : a.tableName > b.tableName ? 1 : 0));
  }

  #end(querySet: QuerySet): void {
    const { id, client, queries, isLive } = querySet;
    if (isLive) {
      querySet.isLive = false;
      client.querySets.delete(id);
      client.queryCount -= queries.length;
      client.queryWeight -= querySet.weight;
      client.wideWeight -= querySet.wideWeight;
    }
    this.#ended.add(querySet);
  }

  #letGo(querySet: QuerySet, query: LiveQuery): void {
    query.querySets.delete(querySet);
    this.#views.release(query.plan.views, querySet.client.identity);
    if (query.querySets.size === 0) this.#queries.drop(query);
  }

  /** A transaction is committed whatever becomes of the queries; those who rely on one that failed must know. */
  #endFailed(query: LiveQuery, error: unknown): void {
    this.#reportFailure(query.text, error);
    for (const querySet of query.querySets) {
      const { client, id } = querySet;
      // What its wire did about another one of the client's may have been the end of this one, too.
      if (!querySet.isLive) continue;
      this.drop(querySet);
      client.wire.querySetEnded(client, id, `Internal error evaluating queries, executing: \`${query.text}\``);
    }
  }

  /** The queries that a text stands for: itself, or one for each table that `SELECT * FROM *` means. */
  #expand(text: string, client: Client): string[] {
    if (!EVERY_TABLE.test(text)) return [text];
    return this.#planner.everyTable(client).map((name) => `SELECT * FROM "${name}"`);
  }
}

function inOneGo<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Whether two plans of one text read the same tables, whose ids an update leaves as they are unless clients connect anew. */
function areSameTables(a: RowsPlan, b: RowsPlan): boolean {
  return a.table.id === b.table.id && new Set(a.tableIds).symmetricDifference(new Set(b.tableIds)).size === 0;
}

/**
 * Under which key a query is live: clients who see the same through it share it. Others see other rows where the
 * query depends on its caller, and the owner where rules apply to everybody else.
 */
function sharingKey(text: string, { usesSender, isRestricted }: RowsPlan, client: Client): string {
  const caller = usesSender ? client.identity.toHex() : '';
  return `${isRestricted ? 'under rules' : ''}\0${caller}\0${text}`;
}
