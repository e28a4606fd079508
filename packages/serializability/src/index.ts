export type { Anomaly, AnomalyKind } from './anomaly.ts';
export { checkHistory } from './check-history.ts';
export type { Operation, RecordedTransaction } from './history.ts';
