export { readClientMessage, writeClientMessage } from './v2/client-message.ts';
export type {
  CallProcedure,
  CallReducer,
  ClientMessage,
  OneOffQuery,
  Subscribe,
  Unsubscribe,
} from './v2/client-message.ts';
export { ProtocolError } from './errors.ts';
export type { ProtocolErrorCode } from './errors.ts';
export { readServerMessage } from './v2/read-server-message.ts';
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
} from './v2/server-message.ts';
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
} from './v2/server-message-parts.ts';
export { COMPRESSION_TAGS, COMPRESSION_THRESHOLD_BYTES, MAX_BATCH_BYTES, SUBPROTOCOLS } from './subprotocol.ts';
export type { Compression, Subprotocol } from './subprotocol.ts';
export { writeServerMessage } from './v2/write-server-message.ts';
