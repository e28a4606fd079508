import type { HttpResponse } from './http/http-message.ts';

/** How the call of a reducer ended. Anything but `ok` rolls the transaction back. */
export type CallOutcome = CallOk | CallError | CallFailure;

/** How the call of a view ended. */
export type ViewOutcome = ViewRows | ViewSql | CallError | CallFailure;

/** How the call of a procedure ended. Its transactions have ended before. */
export type ProcedureOutcome = ProcedureValue | CallFailure;

/** How the call of an HTTP handler ended. Its transactions have ended before. */
export type HttpHandlerOutcome = HttpAnswer | CallFailure;

/** The call was ended, or its answer could not be understood. Whether the instance lives on, `isDead` says. */
export type CallFailure = CallTrapped | CallOutOfEnergy;

export interface CallOk {
  readonly kind: 'ok';
}

/** The function returned an error of its own, meant for the caller. */
export interface CallError {
  readonly kind: 'error';
  readonly message: string;
}

/** The guest panicked or broke a rule: for the log, not for the caller. */
export interface CallTrapped {
  readonly kind: 'trapped';
  readonly message: string;
  /** What the engine's side of the imports threw, when that was the reason. It is not the guest's fault. */
  readonly cause: unknown;
}

export interface CallOutOfEnergy {
  readonly kind: 'outOfEnergy';
}

/** A view's rows as the guest wrote them: a BSATN array, which nobody has looked at yet. */
export interface ViewRows {
  readonly kind: 'rows';
  /** Its count (u32), then the rows; belongs to whoever called. */
  readonly array: Uint8Array;
}

/** A view whose rows are those of a query. */
export interface ViewSql {
  readonly kind: 'sql';
  readonly sql: string;
}

export interface ProcedureValue {
  readonly kind: 'ok';
  /** BSATN at the type that the procedure's definition gives, which nobody has checked; belongs to whoever called. */
  readonly value: Uint8Array;
}

export interface HttpAnswer {
  readonly kind: 'ok';
  readonly response: HttpResponse;
  readonly body: Uint8Array;
}

/** The guest has broken a rule without trapping: its instance can still be used. */
export function brokenRule(message: string): CallTrapped {
  return { kind: 'trapped', message, cause: undefined };
}

export const OK: CallOk = Object.freeze({ kind: 'ok' });
export const OUT_OF_ENERGY: CallOutOfEnergy = Object.freeze({ kind: 'outOfEnergy' });
