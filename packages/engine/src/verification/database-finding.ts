import type { ReplayProblem } from '../record-replay.ts';

/**
 * What is wrong with a database that its log or snapshot holds.
 *
 * `damage`: what is there does not fit together. `warning`: it does, but somebody should know.
 */
export interface DatabaseFinding {
  readonly severity: 'damage' | 'warning';
  readonly code: ReplayProblem | StateProblem | ProgramProblem;
  /** The transaction that cannot be replayed; undefined for what is wrong with the tables behind the last one. */
  readonly txOffset: number | undefined;
  readonly table: string | undefined;
  readonly message: string;
}

/** What is wrong with tables as they are after the replay. */
export type StateProblem =
  | 'STATE_DUPLICATE_KEY'
  | 'STATE_INVALID_DESCRIPTION'
  | 'STATE_DANGLING_REFERENCE'
  | 'STATE_SEQUENCE_BEHIND'
  | 'STATE_SNAPSHOT_DIFFERS';

/** What is wrong with the row that says which database this is and what program it has. */
export type ProgramProblem =
  | 'PROGRAM_MISSING'
  | 'PROGRAM_AMBIGUOUS'
  | 'PROGRAM_WRONG_HASH'
  | 'PROGRAM_UNSUPPORTED'
  | 'PROGRAM_REFUSED';
