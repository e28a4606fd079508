import type { Winner } from '../log/log-reader.ts';
import type { Table } from '../schema/table.ts';

/** Whether an entity with these winners is deleted: by its tombstone, and by when its fields were last set. */
export function isDeleted(table: Table, winners: ReadonlyMap<string, Winner>): boolean {
  const tombstone = winners.get(table.tombstone);
  if (tombstone === undefined || !isTrue(tombstone)) return false;
  if (!table.editRevives) return true;
  for (const [name, { changeId }] of winners)
    if (name !== table.tombstone && changeId > tombstone.changeId) return false;
  return true;
}

function isTrue({ value }: Winner): boolean {
  return value !== null && value !== 0n && value !== 0 && value !== '';
}
