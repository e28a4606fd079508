// What a module imports in AssemblyScript. The editor reads `types/index.d.ts` instead.

export { ReducerContext } from './assembly/calls/reducer-context';
export { Claims } from './assembly/calls/claims';
export { HttpClient, HttpHeader, HttpRequest, HttpResponse } from './assembly/calls/http';
export { HttpHandlerContext, ProcedureContext, Tx } from './assembly/calls/procedure-context';
export { Rows } from './assembly/tables/rows';
export { Query, QueryTable } from './assembly/tables/query';
export { AnonymousViewContext, ViewContext } from './assembly/calls/view-context';
export { LogStopwatch } from './assembly/calls/log';
export { Random } from './assembly/calls/random';
export { SenderError } from './assembly/calls/sender-error';
export { ConnectionId } from './assembly/types/connection-id';
export { i128 } from './assembly/types/i128';
export { i256 } from './assembly/types/i256';
export { Identity } from './assembly/types/identity';
export { Option } from './assembly/types/option';
export { Result } from './assembly/types/result';
export { ScheduleAt } from './assembly/types/schedule-at';
export { TimeDuration } from './assembly/types/time-duration';
export { Timestamp } from './assembly/types/timestamp';
export { u128 } from './assembly/types/u128';
export { u256 } from './assembly/types/u256';
export { Unit } from './assembly/types/unit';
export { Uuid } from './assembly/types/uuid';
export { Db } from './assembly/generated';
