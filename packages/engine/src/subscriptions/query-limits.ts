import { type RowSource, isWide, wholeTables } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { QuerySet } from './query-set.ts';
import type { PlannedQueries } from './subscriptions.ts';

/** The queries of one message are planned and run in one go. */
const MAX_QUERIES_PER_MESSAGE = 4096;
/** Each takes some 3 kB. */
const MAX_QUERIES_PER_CLIENT = 16_384;
/** Each is evaluated for every row that changes. */
const MAX_WIDE_QUERIES_PER_CLIENT = 1024;
/** Of the tables that the queries of one message read in whole and others of them have read: about a quarter of a second. */
const MAX_ROWS_READ_AGAIN = 2 ** 23;

/** Why a client may not ask for so many queries in one message, whatever they are. */
export function refuseMessage(queryCount: number): string | undefined {
  if (queryCount <= MAX_QUERIES_PER_MESSAGE) return undefined;
  return `${queryCount} queries in one message, where ${MAX_QUERIES_PER_MESSAGE} is the most: subscribe in several messages`;
}

/**
 * Why a client may not follow these queries beside those that it has: more of them cost others too much.
 * @param replaced the query set that goes when they come
 */
export function refuseQueries(
  client: Client,
  planned: PlannedQueries,
  replaced: QuerySet | undefined,
  rows: RowSource,
): string | undefined {
  const queryCount = client.queryCount - (replaced?.queries.length ?? 0) + planned.size;
  if (queryCount > MAX_QUERIES_PER_CLIENT) {
    return `${queryCount} queries of one connection, where ${MAX_QUERIES_PER_CLIENT} is the most: unsubscribe from others`;
  }
  // What is not more than the limit together need not be looked at.
  if (queryCount > MAX_WIDE_QUERIES_PER_CLIENT) {
    let wideCount = client.wideQueryCount - (replaced?.wideCount ?? 0);
    for (const { plan } of planned.values()) if (isWide(plan, client.identity.bytes)) wideCount++;
    if (wideCount > MAX_WIDE_QUERIES_PER_CLIENT) {
      const advice = 'compare a column with a constant for equality, so that few changes concern each';
      return `${wideCount} queries of one connection that every changed row may concern, where ${MAX_WIDE_QUERIES_PER_CLIENT} is the most: ${advice}`;
    }
  }
  const read = new Set<number>();
  let rowsReadAgain = 0;
  for (const { plan } of planned.values()) {
    for (const tableId of wholeTables(plan)) {
      if (read.has(tableId)) rowsReadAgain += rows.rowCount(tableId);
      else read.add(tableId);
    }
  }
  if (rowsReadAgain > MAX_ROWS_READ_AGAIN) {
    return `the queries of one message read whole tables again and again, ${rowsReadAgain} rows together: subscribe in several messages, or index what they compare`;
  }
  return undefined;
}
