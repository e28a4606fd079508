import type { AdmittedReducer } from './admission.ts';
import type { ActiveCaller } from './client.ts';
import type { Reducer } from './loaded-module.ts';
import type { TransactionInputs } from './transaction-record.ts';

/** A call of a reducer, as the log keeps it. */
export interface ReducerCall extends AdmittedReducer, TransactionInputs {
  readonly reducer: Reducer;
  readonly args: Uint8Array;
  readonly caller: ActiveCaller;
}
