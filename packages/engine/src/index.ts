export type { HttpHeader, HttpRequest, HttpResponse, HttpVersion, ModuleLimits } from '@lightcone/host';
export type { CallCost, CallResult, SqlResult } from './call-result.ts';
export type { Caller, ConnectRequest } from './client.ts';
export type { Clock } from './clock.ts';
export type { DatabaseOptions, SnapshotOptions } from './database-options.ts';
export { Database } from './database.ts';
export { EmbeddedDatabase } from './embedded/embedded-database.ts';
export { openEmbedded } from './embedded/open-embedded.ts';
export type { EmbeddedOptions } from './embedded/open-embedded.ts';
export type { Row } from './embedded/row.ts';
export { Session } from './embedded/session.ts';
export { Subscription } from './embedded/subscription.ts';
export type { SubscriptionChange } from './embedded/subscription.ts';
export { EngineError, isForCallers } from './errors.ts';
export type { EngineErrorCode } from './errors.ts';
export { formatLogRecord } from './log-record.ts';
export type { Overload, RefusedRequests } from './limits/door.ts';
export type { RateLimit, RateLimits } from './limits/rate-limits.ts';
export type { DatabaseLogRecord } from './log-record.ts';
export type {
  DatabaseMetrics,
  OutgoingHttpMetrics,
  ProcedureCounts,
  ProcedureMetrics,
  ReducerMetrics,
  TableMetrics,
} from './metrics.ts';
export type { SnapshotPolicy } from './snapshots/snapshot-policy.ts';
export type { SnapshotMetrics } from './snapshots/snapshots.ts';
export { decodeSqlRows } from './sql.ts';
export type { SqlOutcome } from './sql.ts';
export { formatSqlOutcome } from './sql-json.ts';
export type { OutboundBatchVisitor } from './outbound-batch.ts';
export type { UpdatePlan } from './publishing/plan-update.ts';
export type { DelayHistogram } from './scheduler/delay-histogram.ts';
export { OutgoingHttpError } from './procedures/outgoing-http.ts';
export type { OutgoingHttp, OutgoingRequest } from './procedures/outgoing-http.ts';
export type {
  HttpHandlerResponse,
  HttpHandlerResult,
  ProcedureFailure,
  ProcedureResult,
} from './procedures/procedure-result.ts';
export type { Timers, WakeUp } from './timers.ts';
