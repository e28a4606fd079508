import type { Change, FieldValue, Schema } from '../../src/index.ts';

type Rows = Record<string, Record<string, FieldValue>[]>;

/**
 * The rows that a set of changes and a schema amount to, in the plainest way: every winner by a scan, and rows without
 * their parents thrown out until none is left. The oracle of the merge.
 */
export function naiveRows(changes: readonly Change[], schema: Schema): Rows {
  const sorted = changes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const rows: Rows = {};
  for (const [name, table] of Object.entries(schema)) {
    if (table.isLocal) continue;
    const ids = new Set(sorted.filter(({ entityType }) => entityType === name).map(({ entityId }) => entityId));
    rows[name] = [];
    for (const id of [...ids].toSorted()) {
      const values = new Map<string, { value: FieldValue; changeId: string }>();
      for (const change of sorted)
        if (change.entityType === name && change.entityId === id)
          for (const field of change.fields) values.set(field.name, { value: field.value, changeId: change.id });
      const tombstone = values.get(table.tombstone);
      if (tombstone?.value === 1n) {
        const isRevived =
          table.editRevives &&
          [...values].some(([field, { changeId }]) => field !== table.tombstone && changeId > tombstone.changeId);
        if (!isRevived) continue;
      }
      const row: Record<string, FieldValue> = { id };
      let isWhole = true;
      for (const column of table.columns) {
        const value = values.has(column.name) ? values.get(column.name)!.value : column.defaultValue;
        if (value === null && !column.column.options.isOptional) isWhole = false;
        row[column.name] = value;
      }
      if (isWhole) rows[name].push(row);
    }
  }
  for (let removed = true; removed;) {
    removed = false;
    for (const [name, table] of Object.entries(schema))
      for (const column of table.columns) {
        const parent = column.column.options.reference?.table;
        if (parent === undefined || rows[name] === undefined) continue;
        const kept = rows[name].filter(
          (row) => row[column.name] === null || rows[parent]!.some(({ id }) => id === row[column.name]),
        );
        removed ||= kept.length < rows[name].length;
        rows[name] = kept;
      }
  }
  return rows;
}
