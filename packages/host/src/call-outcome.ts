/** How a call ended. Anything but `ok` rolls the transaction back. */
export type CallOutcome = CallOk | CallError | CallTrapped | CallOutOfEnergy;

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
  /** What `HostCalls` threw, when that was the reason. It is not the guest's fault: the data may be in doubt. */
  readonly cause: unknown;
}

export interface CallOutOfEnergy {
  readonly kind: 'outOfEnergy';
}

export const OK: CallOk = Object.freeze({ kind: 'ok' });
export const OUT_OF_ENERGY: CallOutOfEnergy = Object.freeze({ kind: 'outOfEnergy' });
