import type { CallProcedure, CallReducer, ReducerCallInfo, UpdateStatus } from '@lightcone/protocol/v1';
import {
  type AdmittedProcedure,
  type AdmittedReducer,
  type Refusal,
  admitCall,
  admitProcedureCall,
  admitProcedureJson,
  admitReducerJson,
  isOverload,
  isRefusal,
} from '../admission.ts';
import type { Client } from '../client.ts';
import { startProcedureCall } from '../procedures/start-procedure-call.ts';
import { type ReducerOutcome, callReducer, failureText } from '../reducer-calls.ts';
import type { V1Sender } from './v1-sender.ts';

/** The id of a reducer that does not exist. */
export const NO_REDUCER = 0xffff_ffff;

/** Calls on v1: the caller of a reducer learns of its end by a transaction update, also when nothing was committed. */
export class V1Calls<Value> {
  readonly #sender: V1Sender<Value>;

  constructor(sender: V1Sender<Value>) {
    this.#sender = sender;
  }

  callReducer(client: Client, { requestId, reducer: reducerName, args: sentArgs, noSuccessNotify }: CallReducer): void {
    const { core, encoding } = this.#sender;
    const { module } = core;
    const timestampMicros = core.options.clock.nowMicros();
    const admitted = this.#admitReducer(client, reducerName, sentArgs);
    if (isRefusal(admitted)) {
      core.logRefusal(admitted, reducerName);
      const id = admitted.kind === 'noSuchFunction' ? undefined : module.reducersByName.get(reducerName)?.id;
      // Whoever may ask again is told of what; of calls that are wrong the reference does not say it.
      const answered = isOverload(admitted) ? requestId : 0;
      const call = { reducerName, reducerId: id ?? NO_REDUCER, args: encoding.noArgs, requestId: answered };
      this.#sendResult(client, { tag: 'Failed', error: admitted.message }, timestampMicros, call, 0);
      return;
    }
    const { reducer, args } = admitted;
    const outcome = callReducer(core, { reducer, args, caller: client.caller, timestampMicros });
    if (!noSuccessNotify) {
      const echoed = encoding.echoArgs(sentArgs) ?? encoding.encodeArgs(module, reducer, args);
      const call = { reducerName, reducerId: reducer.id, args: echoed, requestId };
      this.#sendResult(client, this.#status(client, outcome), timestampMicros, call, module.lastEnergyUsed);
    }
    // Without an answer of its own the caller hears of the transaction as everybody does.
    if (outcome.kind === 'ok') core.transactions.publish(noSuccessNotify ? undefined : client, requestId);
  }

  callProcedure(client: Client, { requestId, procedure: name, args }: CallProcedure): void {
    const { core } = this.#sender;
    startProcedureCall(core, client, requestId, name, this.#admitProcedure(client, name, args));
  }

  #admitReducer({ isOwner, quota }: Client, name: string, args: CallReducer['args']): AdmittedReducer | Refusal {
    const { module, door } = this.#sender.core;
    const overload = door.refuseCall(quota, name);
    if (overload !== undefined) return overload;
    if (typeof args === 'string') return admitReducerJson(module, name, args, isOwner);
    const reducer = admitCall(module, name, args, isOwner);
    return isRefusal(reducer) ? reducer : { reducer, args };
  }

  #admitProcedure({ isOwner, quota }: Client, name: string, args: CallProcedure['args']): AdmittedProcedure | Refusal {
    const { module, door } = this.#sender.core;
    const overload = door.refuseCall(quota, name);
    if (overload !== undefined) return overload;
    if (typeof args === 'string') return admitProcedureJson(module, name, args, isOwner);
    const procedure = admitProcedureCall(module, name, args, isOwner);
    return isRefusal(procedure) ? procedure : { procedure, args };
  }

  #status(client: Client, outcome: ReducerOutcome): UpdateStatus<Uint8Array> {
    switch (outcome.kind) {
      case 'ok':
        return { tag: 'Committed', tables: this.#sender.tableUpdates(client) };
      case 'outOfEnergy':
        return { tag: 'OutOfEnergy' };
      case 'error':
      case 'trapped':
      case 'viewFailed':
      case 'overloaded':
        return { tag: 'Failed', error: failureText(outcome) };
    }
  }

  #sendResult(
    client: Client,
    status: UpdateStatus<Uint8Array>,
    timestampMicros: bigint,
    reducerCall: ReducerCallInfo<Value>,
    energyUsed: number,
  ): void {
    this.#sender.send(client, {
      tag: 'TransactionUpdate',
      status,
      timestampMicros,
      callerIdentity: client.identity.bytes,
      callerConnectionId: client.caller.connectionId.bytes,
      reducerCall,
      energyUsed: BigInt(energyUsed),
      durationMicros: this.#sender.microsSinceTime(timestampMicros),
    });
  }
}
