import type { RowsPlan, TableInterest } from '@lightcone/query';

/** A query that may be registered. */
export interface PlannedQuery {
  /** Its SQL. */
  readonly text: string;
  readonly plan: RowsPlan;
  /** Which changed rows matter to it: worked out with the plan, as to register and to forget it are done in one go. */
  readonly interests: readonly TableInterest[];
}

/** Some, by the key under which they are shared. */
export type PlannedQueries = ReadonlyMap<string, PlannedQuery>;
