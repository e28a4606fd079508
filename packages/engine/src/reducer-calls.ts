import type { CallOutcome } from '@lightcone/host';
import type { Transaction } from '@lightcone/store';
import type { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import { FATAL_ERROR_TEXT, isDiskFull } from './errors.ts';
import type { NoRoom } from './limits/door.ts';
import type { Reducer } from './loaded-module.ts';
import type { ReducerCall } from './reducer-call.ts';
import type { TransactionInputs } from './transaction-record.ts';
import { isViewFailure } from './views/view-failure.ts';

const OUT_OF_ENERGY_TEXT = 'reducer ran out of energy';

/** How a reducer's transaction ended. */
export type ReducerOutcome = CallOutcome | NotCommitted;

/** The reducer was fine, but what it did was not committed. */
export type NotCommitted = ViewFailed | NoRoom;

/** A view that reads what was changed has failed. */
export interface ViewFailed {
  readonly kind: 'viewFailed';
  /** For the caller. */
  readonly message: string;
}

/** What lifecycle reducers are called with. */
export const NO_ARGS: Uint8Array = new Uint8Array(0);

/**
 * Runs a reducer in a transaction of its own. After an outcome of `ok` the transaction is committed
 * and `core.transactions.publish` must follow; after any other it is rolled back.
 */
export function callReducer(core: Core, call: ReducerCall): ReducerOutcome {
  const transaction = core.transactions.begin();
  const outcome = runInTransaction(core, transaction, call);
  if (outcome.kind !== 'ok') {
    transaction.rollback();
    return outcome;
  }
  return commitCall(core, transaction, call, call.reducer) ?? outcome;
}

/** Runs a lifecycle reducer in an open transaction, whose end is the caller's business. */
export function runLifecycleReducer(
  core: Core,
  transaction: Transaction,
  reducer: Reducer,
  caller: ActiveCaller,
): CallOutcome {
  const timestampMicros = core.options.clock.nowMicros();
  return runInTransaction(core, transaction, { reducer, args: NO_ARGS, caller, timestampMicros });
}

/**
 * Commits what a call did; `core.transactions.publish` must follow.
 * @param inputs as the log is to know the call
 * @param reducer that has run, if one has
 * @returns why it is rolled back instead
 */
export function commitCall(
  core: Core,
  transaction: Transaction,
  inputs: TransactionInputs,
  reducer: Reducer | undefined,
): NotCommitted | undefined {
  try {
    core.transactions.commit(transaction, inputs);
  } catch (error) {
    const isView = isViewFailure(error);
    if (!isView && !isDiskFull(error)) throw error;
    if (reducer !== undefined) reducer.metrics.failed++;
    return isView ? { kind: 'viewFailed', message: error.message } : core.door.refuseForDisk(error);
  }
  if (reducer !== undefined) reducer.metrics.committed++;
  return undefined;
}

/** What a client may know of a call that failed. */
export function failureText(outcome: Exclude<ReducerOutcome, { kind: 'ok' }>): string {
  switch (outcome.kind) {
    case 'error':
    case 'viewFailed':
    case 'overloaded':
      return outcome.message;
    case 'trapped':
      return FATAL_ERROR_TEXT;
    case 'outOfEnergy':
      return OUT_OF_ENERGY_TEXT;
  }
}

function runInTransaction(core: Core, transaction: Transaction, call: ReducerCall): CallOutcome {
  core.data.transaction = transaction;
  try {
    const outcome = core.module.callReducer(call);
    // What our own side threw is no failure of the module's: the caller of this has to stop the database.
    if (outcome.kind === 'trapped' && outcome.cause !== undefined) throw outcome.cause;
    if (outcome.kind !== 'ok') core.logLine('Error', describeFailure(outcome), call.reducer.def.name);
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
