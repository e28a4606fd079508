export { readClientMessage, writeClientMessage } from './client-message.ts';
export type {
  CallProcedure,
  CallReducer,
  ClientMessage,
  OneOffQuery,
  Subscribe,
  Unsubscribe,
} from './client-message.ts';
export { ProtocolError } from './errors.ts';
export type { ProtocolErrorCode } from './errors.ts';
export { readServerMessage } from './read-server-message.ts';
export { readRowList, rowCount, rowStart, writeRowList } from './row-list.ts';
export type { RowList, RowSizeHint } from './row-list.ts';
export { RowListWriter } from './row-list-writer.ts';
export type {
  InitialConnection,
  OneOffQueryResult,
  ProcedureResult,
  QuerySetUpdate,
  ReducerOutcome,
  ReducerResult,
  ServerMessage,
  SubscribeApplied,
  SubscriptionError,
  TableChanges,
  TableRows,
  TableUpdate,
  TransactionUpdate,
  UnsubscribeApplied,
} from './server-message.ts';
export {
  beginEventChanges,
  beginOneOffQueryResult,
  beginPersistentChanges,
  beginQuerySetUpdate,
  beginReducerResultOk,
  beginSubscribeApplied,
  beginTableUpdate,
  beginTransactionUpdate,
  beginUnsubscribeApplied,
  writeInitialConnection,
  writeOneOffQueryError,
  writeProcedureInternalError,
  writeProcedureReturned,
  writeReducerResultErr,
  writeReducerResultErrText,
  writeReducerResultInternalError,
  writeReducerResultOkEmpty,
  writeSubscriptionError,
  writeTableName,
  writeUnsubscribeApplied,
} from './server-message-parts.ts';
export { COMPRESSION_TAGS, COMPRESSION_THRESHOLD_BYTES, MAX_BATCH_BYTES, SUBPROTOCOLS } from './subprotocol.ts';
export type { Compression, Subprotocol } from './subprotocol.ts';
export { writeServerMessage } from './write-server-message.ts';
