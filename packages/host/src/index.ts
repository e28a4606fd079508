export type {
  CallError,
  CallFailure,
  CallOk,
  CallOutcome,
  CallOutOfEnergy,
  CallTrapped,
  HttpAnswer,
  HttpHandlerOutcome,
  ProcedureOutcome,
  ProcedureValue,
  ViewOutcome,
  ViewRows,
  ViewSql,
} from './call-outcome.ts';
export { Caller } from './caller.ts';
export { CompiledModule } from './compiled-module.ts';
export { ERRNO } from './errno.ts';
export type { Errno } from './errno.ts';
export { HostError } from './errors.ts';
export type { HostErrorCode } from './errors.ts';
export type { HostEnvironment } from './guest/guest.ts';
export { BOUND, IndexRange } from './guest/index-range.ts';
export type { BoundKind } from './guest/index-range.ts';
export { RowBuffer } from './guest/row-buffer.ts';
export type { HostCalls } from './host-calls.ts';
export type { HttpHeader, HttpRequest, HttpResponse, HttpVersion } from './http/http-message.ts';
export type { LogLevel, LogRecord, TraceFrame } from './log-record.ts';
export type { ModuleFunction } from './module-function.ts';
export * from './program.ts';
export { ModuleInstance } from './module-instance.ts';
export { HOST_ABI_VERSION } from './abi/abi-version.ts';
export type { AbiVersion } from './abi/abi-version.ts';
export { readModuleFacts } from './inspect/module-facts.ts';
export type { ExportFacts, ImportFacts, ModuleFacts } from './inspect/module-facts.ts';
export { readProducers } from './inspect/producers.ts';
export type { Producer } from './inspect/producers.ts';
export { programSections } from './inspect/program-sections.ts';
export type { ProgramSection } from './inspect/program-sections.ts';
export type { HttpExchange, HttpFailure, ProcedureCalls } from './procedure-calls.ts';
export { ProcedureInstance } from './procedure-instance.ts';
export type { ProcedureEnvironment } from './procedure-instance.ts';
