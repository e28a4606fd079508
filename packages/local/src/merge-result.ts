/**
 * Why an entity is kept in the log but is no row of its table for now:
 *
 * - `unknown-table`: the schema has no such table (a newer version of the application does);
 * - `incomplete`: a required column has no value yet;
 * - `missing-parent`: it refers to a row that is not there;
 * - `constraint`: SQLite refuses the row (a CHECK or UNIQUE of the table, a value of the wrong kind in a STRICT one).
 */
export type ParkedReason = 'unknown-table' | 'incomplete' | 'missing-parent' | 'constraint';

/** An entity that waits. It becomes a row by itself, in the merge or the migration that takes the reason away. */
export interface ParkedEntity {
  readonly entityType: string;
  readonly entityId: string;
  readonly reason: ParkedReason;
  /** What SQLite or the merge said, for people. */
  readonly detail: string;
}

/** A change that can never be part of the log, as its id or its names are malformed. It is kept aside, see `refused`. */
export interface RefusedChange {
  readonly id: string;
  readonly detail: string;
}

/** What became of appended changes. */
export interface MergeResult {
  /** How many of the changes were new. */
  readonly appended: number;
  /**
   * The places (cursors) that the new changes got: they, and nothing else, lie behind `after` up to `through`. Undefined
   * if nothing was new. So whoever brought them from a storage knows what not to bring back there.
   */
  readonly arrived: { readonly after: number; readonly through: number } | undefined;
  /** How many rows were inserted, updated or removed. */
  readonly rows: number;
  /** Entities that this append parked. */
  readonly parked: readonly ParkedEntity[];
  /** Changes that were set aside; `unknownOf` does not ask for them again. */
  readonly refused: readonly RefusedChange[];
}
