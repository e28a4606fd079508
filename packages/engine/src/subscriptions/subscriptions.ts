import {
  RowListWriter,
  beginQuerySetUpdate,
  beginSubscribeApplied,
  beginTableUpdate,
  beginTransactionUpdate,
  beginUnsubscribeApplied,
  writeSubscriptionError,
  writeTableName,
  writeUnsubscribeApplied,
} from '@lightcone/protocol';
import { JoinEvaluator, QueryError, type RowSource, type RowsPlan, visitRows } from '@lightcone/query';
import { ByteWriter } from '@lightcone/sats';
import type { TransactionDelta } from '@lightcone/store';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { CallerQueries } from '../queries/caller-queries.ts';
import type { ViewAccess } from '../queries/view-access.ts';
import { CommittedChanges } from './committed-changes.ts';
import { type Evaluation, LiveQuery } from './live-query.ts';
import { QuerySet } from './query-set.ts';

/** `SELECT * FROM *`: every user table that the caller may read. */
const EVERY_TABLE = /^\s*select\s+\*\s+from\s+\*\s*$/i;

/**
 * Who subscribes to what, and what a transaction means to them.
 *
 * A live query is shared by all clients that see the same rows through it; see `sharingKey`. Every subscribe plans the query for its own
 * caller first, so that sharing never skips a permission check.
 */
export class Subscriptions {
  readonly #rows: RowSource;
  readonly #outbox: Outbox;
  readonly #planner: CallerQueries;
  readonly #views: ViewAccess;
  readonly #queriesByKey = new Map<string, LiveQuery>();
  readonly #queriesByTable = new Map<number, Set<LiveQuery>>();
  readonly #evaluation: Evaluation;
  readonly #changedClients: Client[] = [];
  #nextQueryNumber = 0;
  /** Counts the transactions that were evaluated. */
  #transactionNumber = 0;

  constructor(rows: RowSource, outbox: Outbox, planner: CallerQueries, views: ViewAccess) {
    this.#rows = rows;
    this.#evaluation = {
      rows,
      changes: new CommittedChanges(),
      joins: new JoinEvaluator(),
      rowList: new RowListWriter(),
      target: new ByteWriter(4096),
    };
    this.#outbox = outbox;
    this.#planner = planner;
    this.#views = views;
  }

  get queryCount(): number {
    return this.#queriesByKey.size;
  }

  /** Registers a query set and answers with its rows, or with an error that leaves nothing registered. */
  subscribe(client: Client, requestId: number, querySetId: number, texts: readonly string[]): void {
    const lane = this.#outbox.lane(client.isConfirmed);
    const fail = (error: string): void => {
      lane.begin(client.number);
      writeSubscriptionError(lane.writer, requestId, querySetId, error);
      lane.end();
    };
    if (client.querySets.has(querySetId)) {
      fail(
        `Subscription with id QuerySetId { id: ${querySetId} } already exists for client: (${client.caller.identity.toHex()}, ${client.caller.connectionId.toHex()})`,
      );
      return;
    }
    const plans = new Map<string, RowsPlan>();
    for (const text of texts.flatMap((query) => this.#expand(query.trim(), client))) {
      try {
        const plan = this.#planner.planSubscription(text, client);
        plans.set(sharingKey(text, plan, client), plan);
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        fail(`${error.message}, executing: \`${text}\``);
        return;
      }
    }
    const queries = [...plans].map(([key, plan]) => this.#liveQuery(key, plan, client));
    const querySet = new QuerySet(querySetId, client, queries);
    for (const query of queries) {
      query.querySets.add(querySet);
      this.#views.retain(query.plan.views, client.identity);
    }
    client.querySets.set(querySetId, querySet);

    lane.begin(client.number);
    this.#writeRows(lane.writer, beginSubscribeApplied(lane.writer, requestId, querySetId), querySet);
    lane.end();
  }

  unsubscribe(client: Client, requestId: number, querySetId: number, sendDroppedRows: boolean): void {
    const lane = this.#outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    const querySet = client.querySets.get(querySetId);
    if (querySet === undefined) {
      writeSubscriptionError(
        lane.writer,
        requestId,
        querySetId,
        `Subscription not found: QuerySetId { id: ${querySetId} }`,
      );
    } else {
      this.#drop(querySet);
      if (sendDroppedRows)
        this.#writeRows(lane.writer, beginUnsubscribeApplied(lane.writer, requestId, querySetId), querySet);
      else writeUnsubscribeApplied(lane.writer, requestId, querySetId);
    }
    lane.end();
  }

  /** Forgets a client that is gone. */
  removeClient(client: Client): void {
    for (const querySet of client.querySets.values()) this.#drop(querySet);
  }

  /**
   * Evaluates every query that a transaction may have changed. Until `endTransaction` the clients
   * concerned know their changed query sets.
   */
  evaluate(delta: TransactionDelta): void {
    const { target, changes } = this.#evaluation;
    target.reset();
    changes.open(delta);
    this.#transactionNumber++;
    for (const { table } of delta.tables) {
      const queries = this.#queriesByTable.get(table.definition.id);
      if (queries === undefined) continue;
      for (const query of queries) {
        if (query.evaluatedOn === this.#transactionNumber) continue;
        query.evaluatedOn = this.#transactionNumber;
        query.evaluate(this.#evaluation);
        if (query.isChanged) this.#markChanged(query);
      }
    }
    changes.close();
    for (const client of this.#changedClients) client.changedQuerySets.sort((a, b) => a.id - b.id);
  }

  /** Writes the query set updates of one client behind a count at `countAt`. */
  writeUpdates(writer: ByteWriter, countAt: number, client: Client): void {
    writer.setU32(countAt, client.changedQuerySets.length);
    for (const querySet of client.changedQuerySets) this.#writeQuerySetUpdate(writer, querySet);
  }

  /** Sends the evaluated transaction to every client concerned but its caller, and forgets it. */
  endTransaction(caller: Client | undefined): void {
    if (this.#changedClients.length > 0) this.#broadcast(caller);
    for (const client of this.#changedClients) {
      for (const querySet of client.changedQuerySets) {
        querySet.isChanged = false;
        for (const query of querySet.queries) query.isChanged = false;
      }
      client.changedQuerySets.length = 0;
    }
    this.#changedClients.length = 0;
  }

  /** One message for all clients of a lane whose updates are the same bytes. */
  #broadcast(caller: Client | undefined): void {
    const groups = new Map<string, Client[]>();
    for (const client of this.#changedClients) {
      if (client === caller) continue;
      let shape = client.isConfirmed ? 'c' : 'u';
      for (const querySet of client.changedQuerySets) shape += ` ${querySet.shape}`;
      const group = groups.get(shape);
      if (group === undefined) groups.set(shape, [client]);
      else group.push(client);
    }
    for (const group of groups.values()) {
      const first = group[0]!; // groups are made with their first member
      const lane = this.#outbox.lane(first.isConfirmed);
      lane.beginBroadcast(group.map((client) => client.number));
      this.writeUpdates(lane.writer, beginTransactionUpdate(lane.writer), first);
      lane.end();
    }
  }

  #markChanged(query: LiveQuery): void {
    for (const querySet of query.querySets) {
      if (querySet.isChanged) continue;
      querySet.isChanged = true;
      const { client } = querySet;
      if (client.changedQuerySets.length === 0) this.#changedClients.push(client);
      client.changedQuerySets.push(querySet);
    }
  }

  #writeQuerySetUpdate(writer: ByteWriter, querySet: QuerySet): void {
    const tablesAt = beginQuerySetUpdate(writer, querySet.id);
    let tables = 0;
    let changesAt = 0;
    let changes = 0;
    let tableName: string | undefined;
    for (const query of querySet.queries) {
      if (!query.isChanged) continue;
      if (query.tableName !== tableName) {
        tableName = query.tableName;
        changesAt = beginTableUpdate(writer, tableName);
        changes = 0;
        tables++;
      }
      writer.slice(this.#evaluation.target.bytes, query.changesStart, query.changesEnd);
      writer.setU32(changesAt, ++changes);
    }
    writer.setU32(tablesAt, tables);
  }

  /** Writes all rows of a query set, a list for each query; a table without rows gets none. */
  #writeRows(writer: ByteWriter, countAt: number, querySet: QuerySet): void {
    const { rowList } = this.#evaluation;
    let tables = 0;
    for (const query of querySet.queries) {
      if (this.#rows.rowCount(query.plan.table.id) === 0) continue;
      tables++;
      writeTableName(writer, query.tableName);
      rowList.begin(writer);
      visitRows(query.plan, this.#rows, query.sender, {
        row: (bytes, start, end) => {
          rowList.row(bytes, start, end);
          return true;
        },
      });
      rowList.end();
    }
    writer.setU32(countAt, tables);
  }

  #liveQuery(key: string, plan: RowsPlan, client: Client): LiveQuery {
    const live = this.#queriesByKey.get(key);
    if (live !== undefined) return live;
    const query = new LiveQuery(this.#nextQueryNumber++, key, plan, client.caller.identity.bytes);
    this.#queriesByKey.set(key, query);
    for (const tableId of plan.tableIds) {
      const queries = this.#queriesByTable.get(tableId);
      if (queries === undefined) this.#queriesByTable.set(tableId, new Set([query]));
      else queries.add(query);
    }
    return query;
  }

  #drop(querySet: QuerySet): void {
    querySet.client.querySets.delete(querySet.id);
    for (const query of querySet.queries) {
      query.querySets.delete(querySet);
      this.#views.release(query.plan.views, querySet.client.identity);
      if (query.querySets.size > 0) continue;
      this.#queriesByKey.delete(query.key);
      for (const tableId of query.plan.tableIds) {
        const queries = this.#queriesByTable.get(tableId);
        queries?.delete(query);
        if (queries?.size === 0) this.#queriesByTable.delete(tableId);
      }
    }
  }

  /** The queries that a text stands for: itself, or one for each table that `SELECT * FROM *` means. */
  #expand(text: string, client: Client): string[] {
    if (!EVERY_TABLE.test(text)) return [text];
    return this.#planner.everyTable(client).map((name) => `SELECT * FROM "${name}"`);
  }
}

/**
 * Under which key a query is live: clients who see the same through it share it. Others see other rows where the
 * query depends on its caller, and the owner where rules apply to everybody else.
 */
function sharingKey(text: string, { usesSender, isRestricted }: RowsPlan, client: Client): string {
  const caller = usesSender ? client.identity.toHex() : '';
  return `${isRestricted ? 'under rules' : ''}\0${caller}\0${text}`;
}
