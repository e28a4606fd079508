import { type AdmittedProcedure, type Refusal, isRefusal } from '../admission.ts';
import type { Client } from '../client.ts';
import type { Core } from '../core.ts';

/**
 * Runs the procedure that a client asks for and sends the answer when it has ended, if the client is
 * still there.
 * @param name as the client gave it
 */
export function startProcedureCall(
  core: Core,
  client: Client,
  requestId: number,
  name: string,
  admitted: AdmittedProcedure | Refusal,
): void {
  core.procedures.detach(answerProcedureCall(core, client, requestId, name, admitted));
}

async function answerProcedureCall(
  core: Core,
  client: Client,
  requestId: number,
  name: string,
  admitted: AdmittedProcedure | Refusal,
): Promise<void> {
  const { wire } = client;
  if (isRefusal(admitted)) {
    core.logRefusal(admitted, name);
    core.turns.endSoon();
    wire.sendProcedureFailure(client, requestId, { kind: 'failed', message: admitted.message });
    return;
  }
  const { procedure, args } = admitted;
  const { module, options } = core;
  const timestampMicros = options.clock.nowMicros();
  const result = await core.procedures.call({ procedure, args, caller: client.caller, timestampMicros });
  if (client.isGone) return;
  core.turns.endSoon();
  if (result.kind === 'returned') wire.sendProcedureReturn(client, requestId, { module, procedure }, result);
  else wire.sendProcedureFailure(client, requestId, result);
}
