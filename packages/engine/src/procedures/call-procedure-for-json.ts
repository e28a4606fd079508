import { ByteReader, writeJson } from '@lightcone/sats';
import type { CallResult } from '../call-result.ts';
import type { ActiveCaller } from '../client.ts';
import type { Core } from '../core.ts';
import type { LoadedModule, Procedure } from '../loaded-module.ts';

/** Runs a procedure for a caller who gets its value as JSON: products as arrays, sums as `[tag,payload]`. */
export async function callProcedureForJson(
  core: Core,
  module: LoadedModule,
  procedure: Procedure,
  caller: ActiveCaller,
  args: Uint8Array,
): Promise<CallResult> {
  const result = await core.procedures.call(module, procedure, caller, core.options.clock.nowMicros(), args);
  if (result.kind !== 'returned') return { kind: 'procedureFailed', failure: result };
  const value = procedure.returns.decode(new ByteReader(result.value));
  const json = writeJson(procedure.def.returnType, module.def.typespace, value, 'untyped');
  return { kind: 'returned', json, durationMicros: result.durationMicros, txOffset: result.txOffset };
}
