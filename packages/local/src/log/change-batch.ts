import type { FieldValue } from '../change.ts';
import { changeTimeMs } from '../change-id.ts';
import type { ChangeCursor } from '../change-log.ts';
import type { Store } from '../store/store.ts';

/** One change of one row of a declared table. */
export interface FeedItem {
  readonly table: string;
  readonly id: string;
  readonly changeId: string;
  readonly authorId: string;
  /** When its author made it, by his clock. */
  readonly at: Date;
  /** By the names of the columns, as SQLite stores them. */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** Some changes in the order of their arrival. */
export interface ChangeBatch {
  /** Where to go on: all changes up to here have been told. */
  readonly cursor: ChangeCursor;
  readonly items: readonly FeedItem[];
}

/** Changes after a cursor, those of some tables if they are named. */
export function changesOf(
  store: Store,
  { cursor, limit, tables }: { cursor: ChangeCursor; limit: number; tables: readonly string[] | undefined },
): ChangeBatch {
  store.flushLog();
  const changes = store.reader.since(cursor, limit, undefined);
  const items = changes
    .filter(({ change }) => tables?.includes(change.entityType) ?? store.tables.has(change.entityType))
    .map(({ change }) => ({
      table: change.entityType,
      id: change.entityId,
      changeId: change.id,
      authorId: change.authorId,
      at: new Date(changeTimeMs(change.id)),
      fields: Object.fromEntries(change.fields.map(({ name, value }) => [name, value])),
    }));
  return { cursor: changes.at(-1)?.cursor ?? cursor, items };
}
