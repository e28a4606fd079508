import type { FieldValue } from '../change.ts';
import { changeTimeMs } from '../change-id.ts';
import { LocalError } from '../errors.ts';
import { isDeleted } from '../merge/is-deleted.ts';
import { winningValue } from '../merge/winning-value.ts';
import type { Store } from '../store/store.ts';
import type { StoredTable } from '../store/stored-table.ts';
import type { Winner } from './log-reader.ts';

/** One change of one row, as its history tells it. */
export interface HistoryEntry {
  readonly changeId: string;
  readonly authorId: string;
  /** When its author made it, by his clock. */
  readonly at: Date;
  /** What it set, by property; columns that the schema does not know have their own names. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether it deleted the row, or brought it back; `undefined` if neither. */
  readonly deleted: boolean | undefined;
}

/** The changes of a row, the newest first; with `property` those that set it. */
export function historyOf(store: Store, stored: StoredTable, id: string, property: string | undefined): HistoryEntry[] {
  store.flushLog();
  const { table } = stored;
  const column =
    property === undefined ? undefined : table.columns.find((candidate) => candidate.property === property);
  if (property !== undefined && column === undefined)
    throw new LocalError('LOCAL_INVALID_VALUE', `table "${stored.name}" has no column "${property}"`);
  const entries = new Map<string, { entry: HistoryEntry; values: Record<string, unknown>; names: Set<string> }>();
  for (const { changeId, authorId, name, value } of store.reader.fieldsOf(stored.name, id)) {
    let found = entries.get(changeId);
    if (found === undefined) {
      const values: Record<string, unknown> = {};
      const entry = { changeId, authorId, at: new Date(changeTimeMs(changeId)), values, deleted: undefined };
      entries.set(changeId, (found = { entry, values, names: new Set() }));
    }
    if (name === null) continue;
    found.names.add(name);
    const known = table.columnsByName.get(name);
    if (known !== undefined) found.values[known.property] = decoded(known.codec, value);
    else if (name === table.tombstone) found.entry = { ...found.entry, deleted: value !== 0n && value !== null };
    else found.values[name] = value;
  }
  return [...entries.values()]
    .filter(({ names }) => column === undefined || names.has(column.name))
    .map(({ entry }) => entry);
}

/** The row as its changes up to a time add up to; `undefined` if it was not there. */
export function rowAsOf(
  store: Store,
  stored: StoredTable,
  id: string,
  atMs: number,
): Record<string, unknown> | undefined {
  store.flushLog();
  const { table } = stored;
  const winners = new Map<string, Winner>();
  let existed = false;
  for (const { changeId, name, value } of store.reader.fieldsOf(stored.name, id)) {
    if (changeTimeMs(changeId) > atMs) continue;
    existed = true;
    if (name !== null && !winners.has(name)) winners.set(name, { changeId, value });
  }
  if (!existed || isDeleted(table, winners)) return undefined;
  return table.rowOf(
    id,
    table.columns.map((column) => winningValue(winners, column)),
  );
}

function decoded(codec: { decode(stored: FieldValue): unknown }, value: FieldValue): unknown {
  return value === null ? null : codec.decode(value);
}
