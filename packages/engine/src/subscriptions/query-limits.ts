import { type RowSource, isWide, wholeTables } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { QuerySet } from './query-set.ts';
import { queryWidth } from './query-width.ts';
import type { PlannedQueries } from './subscriptions.ts';

/** The queries of one message are planned and run in one go. */
const MAX_QUERIES_PER_MESSAGE = 4096;
/** Characters of their SQL: to plan a long query takes a millisecond for each two kilobytes. */
const MAX_SQL_PER_MESSAGE = 512 * 1024;
/** Each takes some 3 kB. */
const MAX_QUERIES_PER_CLIENT = 16_384;
/** They are evaluated for every row that changes. */
const MAX_WIDTH_PER_CLIENT = 1024;
/** Of the tables that the queries of one message read in whole and others of them have read: about a quarter of a second. */
const MAX_ROWS_READ_AGAIN = 2 ** 23;

/** Why a client may not ask for so much in one message, whatever it is. */
export function refuseMessage(queries: readonly string[]): string | undefined {
  const { length } = queries;
  if (length > MAX_QUERIES_PER_MESSAGE) {
    return `${length} queries in one message, where ${MAX_QUERIES_PER_MESSAGE} is the most: subscribe in several messages`;
  }
  const characters = queries.reduce((sum, query) => sum + query.length, 0);
  if (characters <= MAX_SQL_PER_MESSAGE) return undefined;
  return `the queries of one message have ${characters} characters, where ${MAX_SQL_PER_MESSAGE} is the most: subscribe in several messages`;
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
  let width = client.queryWidth - (replaced?.width ?? 0);
  for (const { text, plan } of planned.values()) if (isWide(plan, client.identity.bytes)) width += queryWidth(text);
  if (width > MAX_WIDTH_PER_CLIENT) {
    const what = `${width} queries of one connection that every changed row may concern (long ones count several times)`;
    const advice = 'compare a column with a constant for equality, so that few changes concern each';
    return `${what}, where ${MAX_WIDTH_PER_CLIENT} is the most: ${advice}`;
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
