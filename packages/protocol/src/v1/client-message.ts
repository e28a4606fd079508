/**
 * What a client sends over `v1.bsatn` and `v1.json`. `requestId` and `messageId` are echoed and mean
 * nothing to the server.
 */
export type ClientMessage =
  | CallReducer
  | Subscribe
  | OneOffQuery
  | SubscribeSingle
  | SubscribeMulti
  | Unsubscribe
  | CallProcedure;

/** Encoded arguments: BSATN of their product, or the text of a JSON array (or object by parameter name). */
export type CallArgs = Uint8Array | string;

export interface CallReducer {
  readonly tag: 'CallReducer';
  readonly requestId: number;
  readonly reducer: string;
  readonly args: CallArgs;
  /** The caller wants no answer of its own: it hears of the transaction as any other subscriber does. */
  readonly noSuccessNotify: boolean;
}

/** Replaces all that the connection subscribed to with this message before, and nothing else. */
export interface Subscribe {
  readonly tag: 'Subscribe';
  readonly requestId: number;
  readonly queries: readonly string[];
}

export interface OneOffQuery {
  readonly tag: 'OneOffQuery';
  readonly messageId: Uint8Array;
  readonly query: string;
}

export interface SubscribeSingle {
  readonly tag: 'SubscribeSingle';
  readonly requestId: number;
  readonly queryId: number;
  readonly query: string;
}

export interface SubscribeMulti {
  readonly tag: 'SubscribeMulti';
  readonly requestId: number;
  readonly queryId: number;
  readonly queries: readonly string[];
}

export interface Unsubscribe {
  /** By the message that subscribed. */
  readonly tag: 'Unsubscribe' | 'UnsubscribeMulti';
  readonly requestId: number;
  readonly queryId: number;
}

export interface CallProcedure {
  readonly tag: 'CallProcedure';
  readonly requestId: number;
  readonly procedure: string;
  readonly args: CallArgs;
}
