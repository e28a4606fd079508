import { type RowSource, isWide, wholeTables } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { PlannedQueries } from './planned-query.ts';
import type { QuerySet } from './query-set.ts';
import { queryWeight } from './query-weight.ts';

/** The queries of one message are run in one go: their first rows are of one moment. */
const MAX_QUERIES_PER_MESSAGE = 4096;
/** Characters of their SQL: to plan a long query takes a millisecond for each two kilobytes. */
const MAX_SQL_PER_MESSAGE = 512 * 1024;
/** Each takes some 3 kB of memory. Here and below long ones count several times. */
const MAX_WEIGHT_PER_CLIENT = 16_384;
/** Of those that are evaluated for every row that changes. */
const MAX_WIDE_WEIGHT_PER_CLIENT = 1024;
/** Of the tables that the queries of one message read in whole and others of them have read: about a quarter of a second. */
const MAX_ROWS_READ_AGAIN = 2 ** 23;

const SPLIT = 'subscribe in several messages';
const LONG = 'long ones count several times';

/**
 * Why a client may not follow so many queries, whatever they are: seen before they are planned.
 * @param replaced the query set that goes when they come
 */
export function refuseTexts(
  client: Client,
  texts: readonly string[],
  replaced: QuerySet | undefined,
): string | undefined {
  if (texts.length > MAX_QUERIES_PER_MESSAGE) {
    return `${texts.length} queries in one message, where ${MAX_QUERIES_PER_MESSAGE} is the most: ${SPLIT}`;
  }
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > MAX_SQL_PER_MESSAGE) {
    return `${characters} characters of SQL in one message, where ${MAX_SQL_PER_MESSAGE} is the most: ${SPLIT}`;
  }
  let weight = client.queryWeight - (replaced?.weight ?? 0);
  for (const text of new Set(texts)) weight += queryWeight(text);
  if (weight <= MAX_WEIGHT_PER_CLIENT) return undefined;
  return `${weight} queries of one connection (${LONG}), where ${MAX_WEIGHT_PER_CLIENT} is the most: unsubscribe from others`;
}

/** As `refuseTexts`, when they are planned: why they would cost others too much. */
export function refuseQueries(
  client: Client,
  planned: PlannedQueries,
  replaced: QuerySet | undefined,
  rows: RowSource,
): string | undefined {
  let wideWeight = client.wideWeight - (replaced?.wideWeight ?? 0);
  for (const { text, interests } of planned.values()) {
    if (isWide(interests)) wideWeight += queryWeight(text);
  }
  if (wideWeight > MAX_WIDE_WEIGHT_PER_CLIENT) {
    const what = `${wideWeight} queries of one connection that every changed row may concern (${LONG})`;
    const advice = 'compare a column with a constant for equality, so that few changes concern each';
    return `${what}, where ${MAX_WIDE_WEIGHT_PER_CLIENT} is the most: ${advice}`;
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
    const what = `the queries of one message read whole tables again and again, ${rowsReadAgain} rows together`;
    return `${what}: ${SPLIT}, or index what they compare`;
  }
  return undefined;
}
