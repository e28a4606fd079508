import type { QueryUpdate, TableUpdate } from '@lightcone/protocol/v1';
import type { Client } from '../client.ts';
import type { LiveQuery } from '../subscriptions/live-query.ts';

/** The id here of the query set that `Subscribe` makes, which has none on the wire; ids there are not negative. */
export const LEGACY_SET_ID = -1;

/**
 * The queries whose changes a client gets for the transaction being published, in order of their tables. What it has
 * under several ids it gets once; what it has in the set without an id, once more.
 */
export function changedQueries({ changedQuerySets }: Client): LiveQuery[] {
  const withId = new Set<LiveQuery>();
  const changed: LiveQuery[] = [];
  for (const { id, queries } of changedQuerySets) {
    for (const query of queries) {
      if (!query.isChanged) continue;
      if (id !== LEGACY_SET_ID) {
        if (withId.has(query)) continue;
        withId.add(query);
      }
      changed.push(query);
    }
  }
  return changed.sort((a, b) => (a.tableName < b.tableName ? -1 : a.tableName > b.tableName ? 1 : a.number - b.number));
}

/** The changes of some queries, which are in order of their tables: one update for each table. */
export function tableUpdates(
  queries: readonly LiveQuery[],
  encodeChanges: (query: LiveQuery) => QueryUpdate<Uint8Array>,
): TableUpdate<Uint8Array>[] {
  const tables: { tableId: number; table: string; rowCount: number; updates: QueryUpdate<Uint8Array>[] }[] = [];
  for (const query of queries) {
    let last = tables.at(-1);
    if (last?.table !== query.tableName) {
      last = { tableId: query.plan.table.id, table: query.tableName, rowCount: 0, updates: [] };
      tables.push(last);
    }
    last.rowCount += query.changedRows;
    last.updates.push(encodeChanges(query));
  }
  return tables;
}
