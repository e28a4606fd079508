import type { RowsPlan, TableInterest } from '@lightcone/query';

/** A query that may become live. */
export interface PlannedQuery {
  /** Its SQL. */
  readonly text: string;
  readonly plan: RowsPlan;
  /** Which changed rows matter to it. */
  readonly interests: readonly TableInterest[];
}

/** Some, by the key under which they are shared. */
export type PlannedQueries = ReadonlyMap<string, PlannedQuery>;
