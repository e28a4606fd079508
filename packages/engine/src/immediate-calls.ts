import { ConnectionId } from '@lightcone/sats';
import { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import type { LoadedModule } from './loaded-module.ts';
import { callReducer } from './reducer-calls.ts';

/** Calls that the module makes to itself, outside of the transaction that asks for them, whatever becomes of it. */
export class ImmediateCalls {
  #queued: { readonly functionName: string; readonly args: Uint8Array }[] = [];

  /** @param args given away */
  add(functionName: string, args: Uint8Array): void {
    this.#queued.push({ functionName, args });
  }

  /** Makes the calls in the order of asking, each in a transaction of its own. */
  run(core: Core, module: LoadedModule): void {
    if (this.#queued.length === 0) return;
    // Only those queued by now: a call that queues itself again must not keep everything else waiting.
    const calls = this.#queued;
    this.#queued = [];
    const { identity, clock } = core.options;
    const caller = new ActiveCaller({ identity, connectionId: ConnectionId.ZERO, jwtPayload: '{}' });
    for (const { functionName, args } of calls) {
      const reducer = module.reducersByName.get(functionName);
      if (reducer === undefined) {
        core.logLine('Error', 'scheduled call: no such reducer', functionName);
        continue;
      }
      const outcome = callReducer(core, module, reducer, caller, clock.nowMicros(), args, 0, args.length);
      if (outcome.kind === 'ok') core.transactions.publish(undefined);
    }
    if (this.#queued.length > 0) core.turns.endSoon();
  }
}
