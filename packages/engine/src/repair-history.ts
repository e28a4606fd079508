import { ByteWriter } from '@lightcone/sats';
import type { Replay, Store } from '@lightcone/store';
import { readRows, systemRowType } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from './system-tables.ts';

/**
 * Mends what older versions of SpacetimeDB left in system tables, as SpacetimeDB does after a replay (file 33 §11 of the
 * specification): of several rows of one sequence the one that has allocated most stays, and event tables that are no
 * tables go. The log is not changed, so that it is done anew at each start.
 */
export function repairHistory(store: Store, replay: Replay): void {
  const remove = (tableId: number, row: Parameters<ReturnType<typeof systemRowType>['encode']>[1]): void => {
    const writer = new ByteWriter();
    systemRowType(tableId).encode(writer, row);
    replay.delete(store.table(tableId), writer.bytes, 0, writer.length);
  };
  for (const rows of Map.groupBy(readRows(store, ID.sequence), (row) => row['sequence_id']).values()) {
    if (rows.length === 1) continue;
    const allocated = (row: (typeof rows)[number]): bigint => row['allocated'] as bigint;
    const [, ...superseded] = rows.toSorted((a, b) => (allocated(a) < allocated(b) ? 1 : -1));
    for (const row of superseded) remove(ID.sequence, row);
  }
  const tables = new Set(readRows(store, ID.table).map((row) => row['table_id']));
  for (const row of readRows(store, ID.eventTable)) if (!tables.has(row['table_id'])) remove(ID.eventTable, row);
}
