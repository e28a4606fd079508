import type { Overload } from './limits/door.ts';
import type { ProcedureFailure } from './procedures/procedure-result.ts';
import type { ConnectRefusal } from './sessions.ts';
import type { SqlOutcome } from './sql.ts';

/**
 * How a call over HTTP, or of an embedding program, ended. A confirmed answer has to wait for its `txOffset`: also what
 * has failed, or only read, may tell of transactions that are not durable yet.
 */
export type CallResult =
  | { readonly kind: 'committed'; readonly cost: CallCost; readonly txOffset: number }
  /** The reducer returned an error or trapped; nothing was changed. */
  | { readonly kind: 'failed'; readonly message: string; readonly cost: CallCost; readonly txOffset: number }
  | { readonly kind: 'outOfEnergy'; readonly cost: CallCost }
  | ProcedureJson
  | { readonly kind: 'procedureFailed'; readonly failure: ProcedureFailure }
  | Overload
  | { readonly kind: 'noSuchFunction' }
  | { readonly kind: 'badArguments'; readonly message: string }
  | { readonly kind: 'lifecycle'; readonly message: string }
  | ConnectRejected;

/** `client_connected` refused the caller. */
export interface ConnectRejected extends ConnectRefusal {
  readonly kind: 'connectRejected';
  readonly txOffset: number;
}

/** What a procedure returned. */
export interface ProcedureJson {
  readonly kind: 'returned';
  readonly json: string;
  readonly durationMicros: number;
  /** Of the last transaction that it made or saw; undefined if it had none. */
  readonly txOffset: number | undefined;
}

export interface CallCost {
  readonly durationMicros: number;
  /** Executed instructions, as the metering counts them. */
  readonly energyUsed: number;
}

export type SqlResult =
  | {
      readonly kind: 'ok';
      readonly outcome: SqlOutcome;
      /** What a confirmed answer has to wait for. */
      readonly txOffset: number;
      readonly durationMicros: number;
    }
  | { readonly kind: 'error'; readonly message: string; readonly txOffset: number }
  | Overload
  | ConnectRejected;
