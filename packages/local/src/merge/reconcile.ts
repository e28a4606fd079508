import type { FieldValue } from '../change.ts';
import type { Store } from '../store/store.ts';
import { isSameValue } from '../store/stored-table.ts';
import type { StoredTable } from '../store/stored-table.ts';
import { isDeleted } from './is-deleted.ts';
import { winningValue } from './winning-value.ts';

/**
 * Logs how a row differs from what the log says of it, within a transaction: after writes that were not made by `save`,
 * `update` or `delete`. A row is what the log says until such a write, so the difference is what the write did.
 * @returns whether there was one
 */
export function reconcileRow(store: Store, stored: StoredTable, id: string): boolean {
  const { table } = stored;
  const row = stored.find(id);
  const winners = store.reader.winnersOf(stored.name, id);
  if (row === undefined) {
    const isGone =
      winners === undefined || isDeleted(table, winners) || store.parking.reasonOf(stored.name, id) !== undefined;
    if (isGone) return false;
    store.logged(stored.name, id, [table.tombstone], [1n]);
    return true;
  }
  const names: string[] = [];
  const values: FieldValue[] = [];
  for (const column of table.columns) {
    const value = row[column.name]!;
    if (winners !== undefined && isSameValue(winningValue(winners, column), value)) continue;
    names.push(column.name);
    values.push(value);
  }
  if (winners !== undefined && isDeleted(table, winners)) {
    names.push(table.tombstone);
    values.push(0n);
  }
  if (winners !== undefined && names.length === 0) return false;
  store.logged(stored.name, id, names, values);
  return true;
}

/**
 * Logs all that tracked tables have and the log does not, or the reverse: rows that other programs wrote, rows from
 * before there was a log, what a migration did. Within a transaction.
 * @returns how many rows differed
 */
export function reconcileAll(store: Store): number {
  store.flushLog();
  let differing = 0;
  for (const stored of store.tables.values()) {
    if (stored.table.isLocal) continue;
    for (const id of new Set([...stored.ids(), ...store.reader.entities(stored.name)]))
      if (reconcileRow(store, stored, id)) differing++;
  }
  return differing;
}
