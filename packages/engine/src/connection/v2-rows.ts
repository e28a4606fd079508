import { RowListWriter, beginQuerySetUpdate, beginTableUpdate, writeTableName } from '@lightcone/protocol';
import { type RowSource, type RowsPlan, visitRows } from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import type { QuerySet } from '../subscriptions/query-set.ts';

const rowList = new RowListWriter();

/** Writes all rows of a query set behind a count at `countAt`, a list for each query; a table without rows gets none. */
export function writeQuerySetRows(writer: ByteWriter, countAt: number, querySet: QuerySet, rows: RowSource): void {
  let tables = 0;
  for (const query of querySet.queries) {
    if (rows.rowCount(query.plan.table.id) === 0) continue;
    tables++;
    writeTableRows(writer, query.plan, rows, query.sender);
  }
  writer.setU32(countAt, tables);
}

/** Writes the rows of one query with the name of their table. */
export function writeTableRows(writer: ByteWriter, plan: RowsPlan, rows: RowSource, sender: Uint8Array): void {
  writeTableName(writer, plan.table.name);
  rowList.begin(writer);
  visitRows(plan, rows, sender, {
    row: (bytes, start, end) => {
      rowList.row(bytes, start, end);
      return true;
    },
  });
  rowList.end();
}

/**
 * Writes what a transaction changed in some query sets behind a count at `countAt`.
 * @param changes where the queries' changes are encoded
 */
export function writeQuerySetUpdates(
  writer: ByteWriter,
  countAt: number,
  querySets: readonly QuerySet[],
  changes: Uint8Array,
): void {
  writer.setU32(countAt, querySets.length);
  for (const querySet of querySets) writeQuerySetUpdate(writer, querySet, changes);
}

function writeQuerySetUpdate(writer: ByteWriter, querySet: QuerySet, encodedChanges: Uint8Array): void {
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
    writer.slice(encodedChanges, query.changesStart, query.changesEnd);
    writer.setU32(changesAt, ++changes);
  }
  writer.setU32(tablesAt, tables);
}
