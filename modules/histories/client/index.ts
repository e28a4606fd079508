export {
  callArgs,
  callArgsJson,
  decodeObserved,
  isProcedure,
  observedInFailure,
  operations,
  stepsJson,
} from './call.ts';
export type { Call, Step } from './call.ts';
export { CachedState } from './cached-state.ts';
export type { HistoryConnectionOptions } from './history-connection.ts';
export { HistoryConnection } from './history-connection.ts';
export type { OneOffQuery } from './one-off-query.ts';
export { queryReads, queryText, randomQuery } from './one-off-query.ts';
export { randomCall } from './random-call.ts';
export { Recorder } from './recorder.ts';
export { TABLES, parseRows } from './tables.ts';
