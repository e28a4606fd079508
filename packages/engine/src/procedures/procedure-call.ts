import type { AdmittedProcedure } from '../admission.ts';
import type { ActiveCaller } from '../client.ts';

/** A call of a procedure of the current module. */
export interface ProcedureCall extends AdmittedProcedure {
  readonly caller: ActiveCaller;
  readonly timestampMicros: bigint;
}
