import { ByteReader, compileJson } from '@lightcone/sats';
import type { AdmittedProcedure } from '../admission.ts';
import type { CallResult } from '../call-result.ts';
import type { ActiveCaller } from '../client.ts';
import type { Core } from '../core.ts';

/** Runs a procedure for a caller who gets its value as JSON: products as arrays, sums as `[tag,payload]`. */
export async function callProcedureForJson(
  core: Core,
  { procedure, args }: AdmittedProcedure,
  caller: ActiveCaller,
): Promise<CallResult> {
  const { module, options } = core;
  const result = await core.procedures.call({ procedure, args, caller, timestampMicros: options.clock.nowMicros() });
  if (result.kind !== 'returned') return { kind: 'procedureFailed', failure: result };
  const json = compileJson(procedure.def.returnType, module.def.typespace, 'untyped')(new ByteReader(result.value));
  return { kind: 'returned', json, durationMicros: result.durationMicros, txOffset: result.txOffset };
}
