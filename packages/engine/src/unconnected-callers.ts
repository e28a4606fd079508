import { QueryError } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';
import { type AdmittedReducer, admitJsonCall, isRefusal } from './admission.ts';
import type { CallResult, ConnectRejected, SqlResult } from './call-result.ts';
import { ActiveCaller, type Caller } from './client.ts';
import type { Core } from './core.ts';
import { isDiskFull } from './errors.ts';
import type { CallerQuota } from './limits/caller-quota.ts';
import type { Overload } from './limits/door.ts';
import type { SqlCounts } from './metrics.ts';
import { callProcedureForJson } from './procedures/call-procedure-for-json.ts';
import { callReducer, failureText } from './reducer-calls.ts';
import { connectCaller, disconnectCaller } from './sessions.ts';
import { runStatement } from './sql.ts';

/** What is asked for by those who have no connection: one is made for the length of each call and statement. */
export class UnconnectedCallers {
  readonly #core: Core;
  readonly #owner: Identity;
  readonly sqlCounts: SqlCounts = { succeeded: 0, failed: 0 };

  constructor(core: Core, owner: Identity) {
    this.#core = core;
    this.#owner = owner;
  }

  /** As `Database.call`. */
  async call(as: Caller, functionName: string, argsJson: string): Promise<CallResult> {
    const core = this.#core;
    const caller = this.#letIn(as, (quota) => core.door.refuseCall(quota, functionName));
    if (!(caller instanceof ActiveCaller)) return caller;
    try {
      const admitted = admitJsonCall(core.module, functionName, argsJson, this.#isOwner(caller));
      if (isRefusal(admitted)) {
        core.logRefusal(admitted, functionName);
        return admitted;
      }
      if ('reducer' in admitted) return this.#callReducer(admitted, caller);
      return await callProcedureForJson(core, admitted, caller);
    } finally {
      core.turns.endSoon();
      disconnectCaller(core, caller);
    }
  }

  /** As `Database.sql`. */
  sql(as: Caller, text: string): SqlResult {
    const core = this.#core;
    const { door, options, transactions } = core;
    const caller = this.#letIn(as, (quota) => door.refuseWhileBehind() ?? door.refuseRequest(quota));
    if (!(caller instanceof ActiveCaller)) return caller;
    const start = options.clock.monotonicNanos();
    try {
      const outcome = runStatement(core, caller, this.#isOwner(caller), text);
      const durationMicros = Number((options.clock.monotonicNanos() - start) / 1000n);
      this.sqlCounts.succeeded++;
      return { kind: 'ok', outcome, txOffset: transactions.lastTxOffset, durationMicros };
    } catch (error) {
      this.sqlCounts.failed++;
      if (error instanceof QueryError) {
        return { kind: 'error', message: error.message, txOffset: transactions.lastTxOffset };
      }
      if (!isDiskFull(error)) throw error;
      return door.refuseForDisk(error);
    } finally {
      disconnectCaller(core, caller);
    }
  }

  #isOwner({ identity }: Caller): boolean {
    return identity.equals(this.#owner);
  }

  /** Begins the turn of a caller, or says why he is not let in. @param ask asks the door whether he may have what he wants */
  #letIn(
    as: Caller,
    ask: (quota: CallerQuota | undefined) => Overload | undefined,
  ): ActiveCaller | Overload | ConnectRejected {
    const core = this.#core;
    core.turns.begin();
    // Before a connection is made, which costs two transactions.
    const quota = core.door.enter(as.identity);
    const overload = ask(quota);
    core.door.leave(quota);
    if (overload !== undefined) return overload;
    const caller = new ActiveCaller(as);
    const refusal = connectCaller(core, caller);
    if (refusal === undefined) return caller;
    return { kind: 'connectRejected', ...refusal, txOffset: core.transactions.lastTxOffset };
  }

  #callReducer({ reducer, args }: AdmittedReducer, caller: ActiveCaller): CallResult {
    const { options, module, transactions } = this.#core;
    const { clock } = options;
    const start = clock.monotonicNanos();
    const outcome = callReducer(this.#core, { reducer, args, caller, timestampMicros: clock.nowMicros() });
    const cost = {
      durationMicros: Number((clock.monotonicNanos() - start) / 1000n),
      energyUsed: module.lastEnergyUsed,
    };
    switch (outcome.kind) {
      case 'ok':
        transactions.publish(undefined);
        return { kind: 'committed', cost, txOffset: transactions.lastTxOffset };
      case 'outOfEnergy':
        return { kind: 'outOfEnergy', cost };
      case 'error':
      case 'trapped':
      case 'viewFailed':
        return { kind: 'failed', message: failureText(outcome), cost, txOffset: transactions.lastTxOffset };
      case 'overloaded':
        return outcome;
    }
  }
}
