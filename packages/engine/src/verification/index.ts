export { compareSnapshot } from './compare-snapshot.ts';
export { EMPTY_RECORD, recordTimestampMicros } from '../transaction-record.ts';
export { checkDatabase } from './check-database.ts';
export type { DatabaseCheck } from './check-database.ts';
export type { StoredProgram } from './check-program.ts';
export type { DatabaseFinding, ProgramProblem, StateProblem } from './database-finding.ts';
export type { RecordedHistory } from './replayed-database.ts';
