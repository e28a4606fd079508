/**
 * What a server sends over `v1.bsatn` (after the compression tag) and `v1.json`.
 *
 * `Rows` is a list of rows in the form in which it is at hand. `Value` is an encoded value: BSATN, or
 * the text of JSON.
 */
export type ServerMessage<Rows, Value> =
  | InitialSubscription<Rows>
  | TransactionUpdate<Rows, Value>
  | TransactionUpdateLight<Rows>
  | IdentityToken
  | OneOffQueryResponse<Rows>
  | QueryApplied<Rows>
  | SubscriptionError
  | QueriesApplied<Rows>
  | ProcedureResult<Value>;

/** The answer to `Subscribe`. */
export interface InitialSubscription<Rows> {
  readonly tag: 'InitialSubscription';
  readonly requestId: number;
  readonly tables: readonly TableUpdate<Rows>[];
  readonly durationMicros: bigint;
}

/** A transaction with what is known of it: how its caller learns of its end, and others of what it did. */
export interface TransactionUpdate<Rows, Value> {
  readonly tag: 'TransactionUpdate';
  readonly status: UpdateStatus<Rows>;
  readonly timestampMicros: bigint;
  /** 32 bytes, little-endian. */
  readonly callerIdentity: Uint8Array;
  /** 16 bytes, little-endian; zeros for none. */
  readonly callerConnectionId: Uint8Array;
  readonly reducerCall: ReducerCallInfo<Value>;
  readonly energyUsed: bigint;
  readonly durationMicros: bigint;
}

export type UpdateStatus<Rows> =
  | { readonly tag: 'Committed'; readonly tables: readonly TableUpdate<Rows>[] }
  | { readonly tag: 'Failed'; readonly error: string }
  | { readonly tag: 'OutOfEnergy' };

export interface ReducerCallInfo<Value> {
  /** Empty when no reducer did it. */
  readonly reducerName: string;
  readonly reducerId: number;
  readonly args: Value;
  readonly requestId: number;
}

/** What a transaction changed, and nothing more. */
export interface TransactionUpdateLight<Rows> {
  readonly tag: 'TransactionUpdateLight';
  /** Of the call that did it; 0 for none. */
  readonly requestId: number;
  readonly tables: readonly TableUpdate<Rows>[];
}

/** The first message of every connection. */
export interface IdentityToken {
  readonly tag: 'IdentityToken';
  /** 32 bytes, little-endian. */
  readonly identity: Uint8Array;
  /** 16 bytes, little-endian. */
  readonly connectionId: Uint8Array;
  readonly token: string;
}

export interface OneOffQueryResponse<Rows> {
  readonly tag: 'OneOffQueryResponse';
  readonly messageId: Uint8Array;
  readonly error: string | undefined;
  readonly tables: readonly { readonly table: string; readonly rows: Rows }[];
  readonly durationMicros: bigint;
}

/** The answer to `SubscribeSingle`, and to `Unsubscribe` of it. */
export interface QueryApplied<Rows> {
  readonly tag: 'SubscribeApplied' | 'UnsubscribeApplied';
  readonly requestId: number;
  readonly queryId: number;
  readonly table: TableUpdate<Rows>;
  readonly durationMicros: bigint;
}

/** The answer to `SubscribeMulti`, and to `UnsubscribeMulti` of it. */
export interface QueriesApplied<Rows> {
  readonly tag: 'SubscribeMultiApplied' | 'UnsubscribeMultiApplied';
  readonly requestId: number;
  readonly queryId: number;
  readonly tables: readonly TableUpdate<Rows>[];
  readonly durationMicros: bigint;
}

export interface SubscriptionError {
  readonly tag: 'SubscriptionError';
  /** Undefined, with `queryId`, when all subscriptions of the connection have ended. */
  readonly requestId: number | undefined;
  readonly queryId: number | undefined;
  readonly tableId: number | undefined;
  readonly error: string;
  readonly durationMicros: bigint;
}

export interface ProcedureResult<Value> {
  readonly tag: 'ProcedureResult';
  readonly requestId: number;
  readonly status: ProcedureStatus<Value>;
  readonly timestampMicros: bigint;
  readonly durationMicros: bigint;
}

export type ProcedureStatus<Value> =
  | { readonly tag: 'Returned'; readonly value: Value }
  | { readonly tag: 'OutOfEnergy' }
  | { readonly tag: 'InternalError'; readonly error: string };

export interface TableUpdate<Rows> {
  readonly tableId: number;
  readonly table: string;
  /** All rows of all updates, deleted and inserted. */
  readonly rowCount: number;
  readonly updates: readonly QueryUpdate<Rows>[];
}

/** What one query contributes. */
export interface QueryUpdate<Rows> {
  readonly deletes: Rows;
  readonly inserts: Rows;
}
