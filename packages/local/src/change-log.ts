import type { Change } from './change.ts';
import type { MergeResult } from './merge-result.ts';

/** A place in the order in which changes arrived in one log: 0 is before the first. Says nothing about another log. */
export type ChangeCursor = number;

/** A change and its place in the log. */
export interface LoggedChange {
  readonly cursor: ChangeCursor;
  readonly change: Change;
}

/** A small text that the sync engine keeps in the database, e.g. how far it has read a remote. */
export interface Note {
  readonly key: string;
  /** `undefined` removes it. */
  readonly value: string | undefined;
}

/**
 * A database as the sync engine sees it: a set of immutable changes that only grows. Synchronous, as the engine runs
 * beside the database: in the same thread of Node, in the worker of a browser.
 */
export interface ChangeLog {
  /** The id under which this database writes. A copied database file gets a new one at its next opening. */
  readonly authorId: string;
  /** The ids under which this file wrote before it was copied or restored, oldest first. */
  readonly formerAuthorIds: readonly string[];

  /**
   * While a transaction of the application waits for something, what resolves at its end; `undefined` when there is none.
   * Until then every call but this one throws `LOCAL_BUSY`: what is not committed may never have been.
   */
  whenIdle(): Promise<void> | undefined;

  /** Those of `ids` that are not in the log (nor refused earlier), in their order, each once. */
  unknownOf(ids: Iterable<string>): string[];

  /** The changes with these ids that the log has, by id. */
  changesById(ids: Iterable<string>): Change[];

  /** The place of the change that arrived last; 0 if there is none. */
  lastCursor(): ChangeCursor;

  /**
   * Changes after `cursor` in the order of their arrival, all or of one author, at most `limit`. The changes of one
   * author arrive in his log in the order of their ids.
   */
  changesSince(cursor: ChangeCursor, options: { limit: number; authorId?: string }): LoggedChange[];

  /** The ids of all changes, sorted: what layout v1 compares. */
  changeIds(): string[];

  /**
   * Appends changes of others and merges them into the tables, all or nothing, in one transaction; known ones are
   * skipped, so the same changes may come again, in any order and any portions. `notes` are written with them.
   * @throws LocalError `LOCAL_DISK_FULL`, `LOCAL_BUSY`, `LOCAL_CORRUPT`, `LOCAL_IO`: nothing was appended
   */
  append(changes: Iterable<Change>, notes?: readonly Note[]): MergeResult;

  /**
   * The state that the log adds up to: its changes reduced to the fields that won, by id, those after `afterId`, at most
   * `limit`. Deleted and parked entities are included. Appending all of them to an empty log gives the same tables.
   */
  winningChanges(options: { afterId?: string; limit: number }): Change[];

  note(key: string): string | undefined;
  setNotes(notes: readonly Note[]): void;

  /** Calls after each commit of this database that made changes of its own author. Returns the way out. */
  onOwnChanges(listener: () => void): () => void;
}
