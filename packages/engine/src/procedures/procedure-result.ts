import type { HttpResponse } from '@lightcone/host';

/** How the call of a procedure ended. */
export type ProcedureResult = ProcedureReturned | ProcedureFailure;

/** How the call of an HTTP handler ended. */
export type HttpHandlerResult = HttpHandlerResponse | NoHttpRoute | ProcedureFailure;

export interface ProcedureReturned {
  readonly kind: 'returned';
  /** BSATN of the declared return type. */
  readonly value: Uint8Array;
  /** When it began. */
  readonly timestampMicros: bigint;
  readonly durationMicros: number;
  /** Offset of the last transaction that it made or saw; undefined if it had none. */
  readonly txOffset: number | undefined;
}

export interface HttpHandlerResponse {
  readonly kind: 'responded';
  readonly response: HttpResponse;
  readonly body: Uint8Array;
  readonly txOffset: number | undefined;
}

/** No route of the module has the request's method and path. */
export interface NoHttpRoute {
  readonly kind: 'noRoute';
}

/** It was not run, or not to its end; what its transactions committed stays. The message is for the caller. */
export interface ProcedureFailure {
  readonly kind: 'failed' | 'outOfEnergy' | 'busy';
  readonly message: string;
}
