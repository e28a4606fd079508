import type { CallOutcome } from '@lightcone/host';
import type { Transaction } from '@lightcone/store';
import type { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import type { LoadedModule, Reducer } from './loaded-module.ts';
import { isViewFailure } from './views/view-failure.ts';

/** What clients are told of a trap; the reason is in the database's log. */
export const FATAL_ERROR_TEXT = 'The instance encountered a fatal error.';
export const OUT_OF_ENERGY_TEXT = 'reducer ran out of energy';

/** How a reducer's transaction ended. */
export type ReducerOutcome = CallOutcome | ViewFailed;

/** The reducer was fine, but a view that reads what it changed was not. */
export interface ViewFailed {
  readonly kind: 'viewFailed';
  /** For the caller. */
  readonly message: string;
}

const NO_ARGS = new Uint8Array(0);

/**
 * Runs a reducer in a transaction of its own. After an outcome of `ok` the transaction is committed
 * and `core.transactions.publish` must follow; after any other it is rolled back.
 * @param args the encoded arguments, `args[start..end]`, checked
 */
export function callReducer(
  core: Core,
  module: LoadedModule,
  reducer: Reducer,
  caller: ActiveCaller,
  timestampMicros: bigint,
  args: Uint8Array,
  start: number,
  end: number,
): ReducerOutcome {
  const transaction = core.transactions.begin();
  const outcome = runInTransaction(core, transaction, module, reducer, caller, timestampMicros, args, start, end);
  if (outcome.kind !== 'ok') {
    transaction.rollback();
    return outcome;
  }
  const inputs = { reducerName: reducer.encodedName, caller, timestampMicros, args, argsStart: start, argsEnd: end };
  try {
    core.transactions.commit(transaction, inputs);
    return outcome;
  } catch (error) {
    if (!isViewFailure(error)) throw error;
    return { kind: 'viewFailed', message: error.message };
  }
}

/** Runs a lifecycle reducer in an open transaction, whose end is the caller's business. */
export function runLifecycleReducer(
  core: Core,
  transaction: Transaction,
  module: LoadedModule,
  reducer: Reducer,
  caller: ActiveCaller,
): CallOutcome {
  const timestampMicros = core.options.clock.nowMicros();
  return runInTransaction(core, transaction, module, reducer, caller, timestampMicros, NO_ARGS, 0, 0);
}

/** What a client may know of a call that failed. */
export function failureText(outcome: Exclude<ReducerOutcome, { kind: 'ok' }>): string {
  switch (outcome.kind) {
    case 'error':
    case 'viewFailed':
      return outcome.message;
    case 'trapped':
      return FATAL_ERROR_TEXT;
    case 'outOfEnergy':
      return OUT_OF_ENERGY_TEXT;
  }
}

function runInTransaction(
  core: Core,
  transaction: Transaction,
  module: LoadedModule,
  reducer: Reducer,
  caller: ActiveCaller,
  timestampMicros: bigint,
  args: Uint8Array,
  start: number,
  end: number,
): CallOutcome {
  core.data.transaction = transaction;
  try {
    const outcome = module.callReducer(reducer, caller, timestampMicros, args, start, end);
    // What our own side threw is no failure of the module's: the caller of this has to stop the database.
    if (outcome.kind === 'trapped' && outcome.cause !== undefined) throw outcome.cause;
    if (outcome.kind !== 'ok') core.logLine('Error', describeFailure(outcome), reducer.def.name);
    return outcome;
  } catch (error) {
    transaction.rollback();
    throw error;
  } finally {
    core.data.transaction = undefined;
  }
}

/** What the owner may know of a call that failed. */
function describeFailure(outcome: Exclude<CallOutcome, { kind: 'ok' }>): string {
  switch (outcome.kind) {
    case 'error':
      return outcome.message;
    case 'trapped':
      return `the reducer trapped: ${outcome.message}`;
    case 'outOfEnergy':
      return 'the reducer was stopped: it used up its budget of energy';
  }
}
