import { defineSchema, openDbSync, sql, table, text } from '@lightcone/local';
import type { Change, DatabaseSync } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';

const schema = defineSchema({ Note: table({ text: text(), writer: text().optional() }) });

/** A database of the local-first package, as several devices have it. */
export type NotesDatabase = DatabaseSync<typeof schema>;

/** @param file a path; in memory unless told */
export function openNotes(file = ':memory:'): NotesDatabase {
  return openDbSync({ schema, driver: betterSqlite(file) });
}

/** All rows, sorted by id. */
export function rowsOf(db: NotesDatabase): { id: string; text: string; writer: string | null }[] {
  return db.query(sql.raw('SELECT id, text, writer FROM Note ORDER BY id')) as ReturnType<typeof rowsOf>;
}

/** The whole log in the order of arrival. */
export function logOf(db: NotesDatabase): Change[] {
  return db.log.changesSince(0, { limit: 1_000_000 }).map(({ change }) => change);
}

/** The rows that another database makes of the log of this one. */
export function rowsOfLog(db: NotesDatabase): ReturnType<typeof rowsOf> {
  using fresh = openNotes();
  fresh.log.append(logOf(db));
  return rowsOf(fresh);
}
