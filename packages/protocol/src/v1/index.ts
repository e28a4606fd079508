export type {
  CallArgs,
  CallProcedure,
  CallReducer,
  ClientMessage,
  OneOffQuery,
  Subscribe,
  SubscribeMulti,
  SubscribeSingle,
  Unsubscribe,
} from './client-message.ts';
export {
  formatClientMessage,
  readClientMessage,
  readJsonClientMessage,
  writeClientMessage,
} from './client-message-codec.ts';
export { parseServerMessage, readServerMessage } from './read-server-message.ts';
export type {
  IdentityToken,
  InitialSubscription,
  OneOffQueryResponse,
  ProcedureResult,
  ProcedureStatus,
  QueriesApplied,
  QueryApplied,
  QueryUpdate,
  ReducerCallInfo,
  ServerMessage,
  SubscriptionError,
  TableUpdate,
  TransactionUpdate,
  TransactionUpdateLight,
  UpdateStatus,
} from './server-message.ts';
export { writeJsonRows, writeJsonServerMessage, writeServerMessage } from './write-server-message.ts';
