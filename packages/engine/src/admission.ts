import { ByteWriter, SatsError, parseJson, readJson } from '@lightcone/sats';
import type { LoadedModule, Reducer } from './loaded-module.ts';

/** Why a call is refused before it runs. */
export interface Refusal {
  readonly kind: 'noSuchFunction' | 'lifecycle' | 'badArguments';
  readonly message: string;
}

export function isRefusal(value: object): value is Refusal {
  return 'kind' in value;
}

const NO_SUCH_REDUCER: Refusal = { kind: 'noSuchFunction', message: 'no such reducer' };
const LIFECYCLE_NAMES = { init: 'Init', onConnect: 'OnConnect', onDisconnect: 'OnDisconnect' } as const;

/** The reducer that a call means, if it may run: with BSATN arguments that decode. Bytes after them are ignored. */
export function admitCall(module: LoadedModule, name: string, args: Uint8Array, isOwner: boolean): Reducer | Refusal {
  const reducer = findReducer(module, name, isOwner);
  if (isRefusal(reducer)) return reducer;
  try {
    // The guest traps on arguments that do not decode; here the caller gets a reason.
    reducer.params.validate(args, 0, args.length);
    return reducer;
  } catch (error) {
    return badArguments(reducer, error);
  }
}

/** As `admitCall`, for arguments in JSON: an array, or an object by parameter name. */
export function admitJsonCall(
  module: LoadedModule,
  name: string,
  json: string,
  isOwner: boolean,
): { readonly reducer: Reducer; readonly args: Uint8Array } | Refusal {
  const reducer = findReducer(module, name, isOwner);
  if (isRefusal(reducer)) return reducer;
  try {
    const writer = new ByteWriter();
    reducer.params.encode(writer, readJson(reducer.def.params, module.def.typespace, parseJson(json)));
    return { reducer, args: writer.finish() };
  } catch (error) {
    return badArguments(reducer, error);
  }
}

/** A private reducer does not exist for anyone but the owner. */
function findReducer(module: LoadedModule, name: string, isOwner: boolean): Reducer | Refusal {
  const reducer = module.reducersByName.get(name);
  if (reducer === undefined) return NO_SUCH_REDUCER;
  const { lifecycle, visibility } = reducer.def;
  if (lifecycle !== undefined) {
    return {
      kind: 'lifecycle',
      message: `can't directly call special ${LIFECYCLE_NAMES[lifecycle]} lifecycle reducer`,
    };
  }
  return visibility === 'private' && !isOwner ? NO_SUCH_REDUCER : reducer;
}

function badArguments(reducer: Reducer, error: unknown): Refusal {
  if (!(error instanceof SatsError)) throw error;
  return { kind: 'badArguments', message: `invalid arguments for reducer ${reducer.def.name}: ${error.message}` };
}
