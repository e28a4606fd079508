import type { Lifecycle, ReducerDef } from '../module-def.ts';
import type { RawLifecycle } from '../raw/raw-parts.ts';
import type { ModuleContext } from './module-context.ts';

const LIFECYCLE: { readonly [raw in RawLifecycle]: Lifecycle } = {
  Init: 'init',
  OnConnect: 'onConnect',
  OnDisconnect: 'onDisconnect',
};

/** Checks the lifecycle reducers; the result has positions in `reducers`. */
export function validateLifecycle(context: ModuleContext, reducers: readonly ReducerDef[]): Map<Lifecycle, number> {
  const positionByLifecycle = new Map<Lifecycle, number>();
  const positionByName = new Map(reducers.map((reducer, position) => [reducer.name, position]));
  const taken = new Set<number>();
  for (const { lifecycle: event, functionName } of context.draft.lifecycleReducers) {
    const name = context.names.function(functionName);
    const where = `reducer \`${name}\``;
    const position = positionByName.get(name);
    if (position === undefined) {
      const message = `lifecycle event ${event} without reducer: there is none named \`${name}\``;
      context.add('LIFECYCLE_WITHOUT_REDUCER', where, message);
    } else if (positionByLifecycle.has(LIFECYCLE[event])) {
      context.add('DUPLICATE_LIFECYCLE', where, `Multiple reducers defined for lifecycle event ${event}`);
    } else if (taken.has(position)) {
      context.add(
        'DUPLICATE_LIFECYCLE',
        where,
        `${where} is defined for several lifecycle events, one of them ${event}`,
      );
    } else {
      positionByLifecycle.set(LIFECYCLE[event], position);
      taken.add(position);
    }
  }
  return positionByLifecycle;
}
