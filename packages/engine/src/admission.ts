import { ByteWriter, type CompiledType, type ProductType, SatsError, parseJson, readJson } from '@lightcone/sats';
import type { Overload } from './limits/door.ts';
import type { LoadedModule, Procedure, Reducer } from './loaded-module.ts';

/** In arguments as JSON: two bytes of text are a value, which takes fifty. Who has more of them sends BSATN. */
const MAX_JSON_VALUES = 2 ** 21;

/** Why a call is refused before it runs. */
export type Refusal = InvalidCall | Overload;

/** A call that can never run. */
export interface InvalidCall {
  readonly kind: 'noSuchFunction' | 'lifecycle' | 'badArguments';
  readonly message: string;
}

export function isRefusal(value: object): value is Refusal {
  return 'kind' in value;
}

/** Whether a call may be sent again as it is. */
export function isOverload({ kind }: Refusal): boolean {
  return kind === 'rateLimited' || kind === 'overloaded';
}

const NO_SUCH_REDUCER: InvalidCall = { kind: 'noSuchFunction', message: 'no such reducer' };
const NO_SUCH_PROCEDURE: InvalidCall = { kind: 'noSuchFunction', message: 'No such procedure' };
const LIFECYCLE_NAMES = { init: 'Init', onConnect: 'OnConnect', onDisconnect: 'OnDisconnect' } as const;

/** A function that may be called, with its arguments as the guest takes them. */
export type AdmittedCall = AdmittedReducer | AdmittedProcedure;

export interface AdmittedReducer {
  readonly reducer: Reducer;
  readonly args: Uint8Array;
}

export interface AdmittedProcedure {
  readonly procedure: Procedure;
  readonly args: Uint8Array;
}

/** The reducer that a call means, if it may run: with BSATN arguments that decode. Bytes after them are ignored. */
export function admitCall(module: LoadedModule, name: string, args: Uint8Array, isOwner: boolean): Reducer | Refusal {
  const reducer = findReducer(module, name, isOwner);
  if (isRefusal(reducer)) return reducer;
  // The guest traps on arguments that do not decode; here the caller gets a reason.
  return checkArguments('reducer', reducer, args) ?? reducer;
}

/** As `admitCall`, for a procedure. */
export function admitProcedureCall(
  module: LoadedModule,
  name: string,
  args: Uint8Array,
  isOwner: boolean,
): Procedure | Refusal {
  const procedure = findProcedure(module, name, isOwner);
  if (isRefusal(procedure)) return procedure;
  return checkArguments('procedure', procedure, args) ?? procedure;
}

/** The reducer or else procedure that a call means, with arguments in JSON: an array, or an object by parameter name. */
export function admitJsonCall(
  module: LoadedModule,
  name: string,
  json: string,
  isOwner: boolean,
): AdmittedCall | Refusal {
  return module.reducersByName.has(name)
    ? admitReducerJson(module, name, json, isOwner)
    : admitProcedureJson(module, name, json, isOwner);
}

/** As `admitCall`, with arguments in JSON, which it turns into BSATN. */
export function admitReducerJson(
  module: LoadedModule,
  name: string,
  json: string,
  isOwner: boolean,
): AdmittedReducer | Refusal {
  const reducer = findReducer(module, name, isOwner);
  if (isRefusal(reducer)) return reducer;
  const args = encodeArguments(module, 'reducer', reducer, json);
  return isRefusal(args) ? args : { reducer, args };
}

/** As `admitReducerJson`, for a procedure. */
export function admitProcedureJson(
  module: LoadedModule,
  name: string,
  json: string,
  isOwner: boolean,
): AdmittedProcedure | Refusal {
  const procedure = findProcedure(module, name, isOwner);
  if (isRefusal(procedure)) return procedure;
  const args = encodeArguments(module, 'procedure', procedure, json);
  return isRefusal(args) ? args : { procedure, args };
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

function findProcedure(module: LoadedModule, name: string, isOwner: boolean): Procedure | Refusal {
  const procedure = module.proceduresByName.get(name);
  if (procedure === undefined) return NO_SUCH_PROCEDURE;
  return procedure.def.visibility === 'private' && !isOwner ? NO_SUCH_PROCEDURE : procedure;
}

/** What reducers and procedures have alike. */
interface Callable {
  readonly def: { readonly name: string; readonly params: ProductType };
  readonly params: CompiledType;
}

function checkArguments(what: 'reducer' | 'procedure', callable: Callable, args: Uint8Array): Refusal | undefined {
  try {
    callable.params.validate(args, 0, args.length);
    return undefined;
  } catch (error) {
    return badArguments(what, callable, error);
  }
}

function encodeArguments(
  module: LoadedModule,
  what: 'reducer' | 'procedure',
  callable: Callable,
  json: string,
): Uint8Array | Refusal {
  try {
    const writer = new ByteWriter();
    const value = parseJson(json, MAX_JSON_VALUES);
    callable.params.encode(writer, readJson(callable.def.params, module.def.typespace, value));
    return writer.finish();
  } catch (error) {
    return badArguments(what, callable, error);
  }
}

function badArguments(what: 'reducer' | 'procedure', { def }: Callable, error: unknown): Refusal {
  if (!(error instanceof SatsError)) throw error;
  return { kind: 'badArguments', message: `invalid arguments for ${what} ${def.name}: ${error.message}` };
}
