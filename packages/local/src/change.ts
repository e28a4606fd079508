/**
 * A value of one column as SQLite stores it. The kind of the JavaScript value is the storage class, exactly: `bigint` is
 * INTEGER (also for small ones), `number` is REAL (also for whole ones), so nothing is guessed on the way to a peer.
 */
export type FieldValue = null | bigint | number | string | Uint8Array;

/** One column that a change sets. */
export interface ChangeField {
  readonly name: string;
  readonly value: FieldValue;
}

/**
 * One save, patch or delete of one entity: what the log is made of, in a database as on a storage. Immutable.
 *
 * The value of a column of an entity is the one in the change with the greatest id that has the column.
 */
export interface Change {
  /** A UUIDv7 in lower case (36 characters) that carries the hybrid logical clock; ids compare as strings. */
  readonly id: string;
  /** The id of the database that made it. */
  readonly authorId: string;
  /** The table. */
  readonly entityType: string;
  /** The row: its column `id`. */
  readonly entityId: string;
  /** Sorted by name, no name twice; a table that has only an `id` makes changes without fields. */
  readonly fields: readonly ChangeField[];
}
