import type { RowList } from '../row-list.ts';

/** What a server sends over `v2.bsatn` and `v3.bsatn`, after the compression tag. */
export type ServerMessage =
  | InitialConnection
  | SubscribeApplied
  | UnsubscribeApplied
  | SubscriptionError
  | TransactionUpdate
  | OneOffQueryResult
  | ReducerResult
  | ProcedureResult;

/** The first message of every connection. */
export interface InitialConnection {
  readonly tag: 'InitialConnection';
  /** 32 bytes, little-endian. */
  readonly identity: Uint8Array;
  /** 16 bytes, little-endian. */
  readonly connectionId: Uint8Array;
  readonly token: string;
}

export interface SubscribeApplied {
  readonly tag: 'SubscribeApplied';
  readonly requestId: number;
  readonly querySetId: number;
  readonly tables: readonly TableRows[];
}

export interface UnsubscribeApplied {
  readonly tag: 'UnsubscribeApplied';
  readonly requestId: number;
  readonly querySetId: number;
  /** The rows that left the client's view, if it asked for them. */
  readonly tables: readonly TableRows[] | undefined;
}

export interface SubscriptionError {
  readonly tag: 'SubscriptionError';
  /** Undefined when an applied subscription fails later. */
  readonly requestId: number | undefined;
  readonly querySetId: number;
  readonly error: string;
}

export interface TransactionUpdate {
  readonly tag: 'TransactionUpdate';
  readonly querySets: readonly QuerySetUpdate[];
}

export interface OneOffQueryResult {
  readonly tag: 'OneOffQueryResult';
  readonly requestId: number;
  readonly result:
    | { readonly tag: 'ok'; readonly tables: readonly TableRows[] }
    | { readonly tag: 'err'; readonly error: string };
}

export interface ReducerResult {
  readonly tag: 'ReducerResult';
  readonly requestId: number;
  /** When the reducer started, in microseconds since the Unix epoch. */
  readonly timestampMicros: bigint;
  readonly outcome: ReducerOutcome;
}

export type ReducerOutcome =
  | { readonly tag: 'Ok'; readonly returnValue: Uint8Array; readonly querySets: readonly QuerySetUpdate[] }
  | { readonly tag: 'OkEmpty' }
  /** The reducer's own error: BSATN of its error type, in practice a string. */
  | { readonly tag: 'Err'; readonly error: Uint8Array }
  | { readonly tag: 'InternalError'; readonly error: string };

export interface ProcedureResult {
  readonly tag: 'ProcedureResult';
  readonly status:
    | { readonly tag: 'Returned'; readonly value: Uint8Array }
    | { readonly tag: 'InternalError'; readonly error: string };
  readonly timestampMicros: bigint;
  readonly durationMicros: bigint;
  readonly requestId: number;
}

export interface TableRows {
  readonly table: string;
  readonly rows: RowList;
}

/** The changes that one transaction makes to what one query set sees. */
export interface QuerySetUpdate {
  readonly querySetId: number;
  readonly tables: readonly TableUpdate[];
}

export interface TableUpdate {
  readonly table: string;
  readonly changes: readonly TableChanges[];
}

export type TableChanges =
  | { readonly tag: 'PersistentTable'; readonly inserts: RowList; readonly deletes: RowList }
  | { readonly tag: 'EventTable'; readonly events: RowList };

/** The variants by BSATN tag. */
export const SERVER_MESSAGE_TAGS = {
  InitialConnection: 0,
  SubscribeApplied: 1,
  UnsubscribeApplied: 2,
  SubscriptionError: 3,
  TransactionUpdate: 4,
  OneOffQueryResult: 5,
  ReducerResult: 6,
  ProcedureResult: 7,
} as const;

export const OUTCOME_TAGS = { Ok: 0, OkEmpty: 1, Err: 2, InternalError: 3 } as const;
