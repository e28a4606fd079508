import { ConnectionId } from '@lightcone/sats';
import { ActiveCaller } from '../client.ts';
import type { Core } from '../core.ts';
import type { Procedure } from '../loaded-module.ts';
import type { ProcedureResult } from '../procedures/procedure-result.ts';
import { callReducer } from '../reducer-calls.ts';

/** Calls of the database to its own module: the caller is its identity, without a connection. Errors are logged. */
export class OwnCalls {
  readonly #core: Core;
  readonly #caller: ActiveCaller;

  constructor(core: Core) {
    const { identity } = core.options;
    this.#core = core;
    this.#caller = new ActiveCaller({ identity, connectionId: ConnectionId.ZERO, jwtPayload: '{}' });
  }

  /** Runs a reducer in a transaction of its own, which is published. */
  reducer(name: string, timestampMicros: bigint, args: Uint8Array): void {
    const reducer = this.#core.module.reducersByName.get(name);
    if (reducer === undefined) {
      this.#core.logLine('Error', 'scheduled call: no such reducer', name);
      return;
    }
    const outcome = callReducer(this.#core, { reducer, args, caller: this.#caller, timestampMicros });
    if (outcome.kind === 'ok') this.#core.transactions.publish(undefined);
    else if (outcome.kind === 'overloaded') this.#core.logLine('Error', outcome.message, name);
  }

  /** @returns rejects only for what is not the module's fault */
  procedure(procedure: Procedure, timestampMicros: bigint, args: Uint8Array): Promise<ProcedureResult> {
    return this.#core.procedures.call({ procedure, args, caller: this.#caller, timestampMicros });
  }
}
