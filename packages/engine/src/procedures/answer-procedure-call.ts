import { type CallProcedure, writeProcedureInternalError, writeProcedureReturned } from '@lightcone/protocol';
import { admitProcedureCall, isRefusal } from '../admission.ts';
import type { Client } from '../client.ts';
import type { Core } from '../core.ts';
import type { LoadedModule } from '../loaded-module.ts';

/**
 * Runs the procedure that a client asks for and writes the answer to the client's lane when it has
 * ended, if the client is still there.
 */
export async function answerProcedureCall(
  core: Core,
  module: LoadedModule,
  client: Client,
  { requestId, procedure: name, args }: CallProcedure,
): Promise<void> {
  const admitted = admitProcedureCall(module, name, args, client.isOwner);
  if (isRefusal(admitted)) {
    core.logLine('Error', admitted.message, name);
    writeFailure(core, client, requestId, admitted.message);
    return;
  }
  const result = await core.procedures.call(module, admitted, client.caller, core.options.clock.nowMicros(), args);
  if (client.isGone) return;
  if (result.kind !== 'returned') {
    writeFailure(core, client, requestId, result.message);
    return;
  }
  core.turns.endSoon();
  const lane = core.outbox.lane(client.isConfirmed);
  lane.begin(client.number);
  writeProcedureReturned(lane.writer, requestId, result.timestampMicros, BigInt(result.durationMicros), result.value);
  lane.end();
}

function writeFailure(core: Core, client: Client, requestId: number, message: string): void {
  core.turns.endSoon();
  const lane = core.outbox.lane(client.isConfirmed);
  lane.begin(client.number);
  writeProcedureInternalError(lane.writer, requestId, 0n, 0n, message);
  lane.end();
}
