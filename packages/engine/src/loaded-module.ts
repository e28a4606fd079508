import {
  type CallOutcome,
  CompiledModule,
  type HostCalls,
  type HostEnvironment,
  ModuleInstance,
  type Caller as HostCaller,
  type ModuleLimits,
  type ProcedureCalls,
  ProcedureInstance,
  type ViewOutcome,
} from '@lightcone/host';
import { type CompiledType, type Identity, compileType } from '@lightcone/sats';
import {
  type ModuleDef,
  type ProcedureDef,
  type ReducerDef,
  type ViewDef,
  decodeRawModuleDef,
  validateModuleDef,
} from '@lightcone/schema';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { EngineError } from './errors.ts';
import type { Clock } from './clock.ts';
import type { DatabaseLogRecord } from './log-record.ts';
import type { ReducerMetrics, ViewMetrics } from './metrics.ts';
import type { ReducerCall } from './reducer-call.ts';
import { encodeReducerName } from './transaction-record.ts';

/** What a module needs of its database. */
export interface ModuleEnvironment {
  readonly calls: HostCalls;
  readonly limits: ModuleLimits;
  readonly databaseIdentity: Identity;
  readonly log: (record: DatabaseLogRecord) => void;
  readonly clock: Clock;
}

/** The function that is running, or the last that was: log lines name it. */
export interface RunningFunction {
  name: string | undefined;
}

/** A reducer, with what calling it needs. */
export interface Reducer {
  /** Its position in the module's definition. */
  readonly id: number;
  readonly def: ReducerDef;
  readonly params: CompiledType;
  /** Its name as transaction records hold it. */
  readonly encodedName: Uint8Array;
  readonly metrics: ReducerMetrics;
}

/** A procedure, with what calling it needs. */
export interface Procedure {
  readonly id: number;
  readonly def: ProcedureDef;
  readonly params: CompiledType;
  readonly returns: CompiledType;
}

/**
 * A module that was compiled and checked, and the instance that runs its reducers.
 *
 * An instance that trapped is never called again: the next call makes a new one.
 */
export class LoadedModule {
  readonly program: Uint8Array;
  /** Keccak-256 of the program. */
  readonly hash: Uint8Array;
  readonly def: ModuleDef;
  readonly reducersByName: ReadonlyMap<string, Reducer>;
  readonly proceduresByName: ReadonlyMap<string, Procedure>;
  readonly #compiled: CompiledModule;
  readonly #environment: ModuleEnvironment;
  readonly #running: RunningFunction;
  readonly #reducers: readonly Reducer[];
  readonly #viewMetrics: ReadonlyMap<string, ViewMetrics>;
  #instance: ModuleInstance | undefined;
  #lastEnergyUsed = 0;

  private constructor(
    program: Uint8Array,
    hash: Uint8Array,
    compiled: CompiledModule,
    environment: ModuleEnvironment,
    running: RunningFunction,
    instance: ModuleInstance,
    def: ModuleDef,
  ) {
    this.program = program;
    this.hash = hash;
    this.#compiled = compiled;
    this.#environment = environment;
    this.#running = running;
    this.#instance = instance;
    this.def = def;
    this.#reducers = def.reducers.map((reducer, id) => ({
      id,
      def: reducer,
      params: compileType(reducer.params, def.typespace),
      encodedName: encodeReducerName(reducer.name),
      metrics: { committed: 0, failed: 0, errors: 0, traps: 0, energyUsed: 0 },
    }));
    this.#viewMetrics = new Map(def.views.map(({ name }) => [name, { succeeded: 0, failed: 0, energyUsed: 0 }]));
    this.reducersByName = new Map(this.#reducers.map((reducer) => [reducer.def.name, reducer]));
    this.proceduresByName = new Map(
      def.procedures.map((procedure, id) => {
        const params = compileType(procedure.params, def.typespace);
        const returns = compileType(procedure.returnType, def.typespace);
        return [procedure.name, { id, def: procedure, params, returns }];
      }),
    );
  }

  /**
   * Compiles, instantiates, describes and checks a program. Nothing of the database is touched.
   * @throws HostError, SchemaError, EngineError `ENGINE_UNSUPPORTED_MODULE`
   */
  static load(program: Uint8Array, environment: ModuleEnvironment): LoadedModule {
    const compiled = CompiledModule.compile(program, environment.limits);
    const running: RunningFunction = { name: undefined };
    const instance = ModuleInstance.create(compiled, hostEnvironment(environment, environment.calls, running));
    const def = validateModuleDef(decodeRawModuleDef(instance.description));
    refuseUnsupported(def);
    return new LoadedModule(program, keccak_256(program), compiled, environment, running, instance, def);
  }

  /** The reducer of a lifecycle event, if the module has one. */
  lifecycleReducer(event: 'init' | 'onConnect' | 'onDisconnect'): Reducer | undefined {
    const id = this.def.lifecycle.get(event);
    return id === undefined ? undefined : this.#reducers[id];
  }

  /** Executed instructions of the last call, about. */
  get lastEnergyUsed(): number {
    return this.#lastEnergyUsed;
  }

  /** What the memory of the instance for reducers and views has grown to. */
  get memoryBytes(): number {
    return this.#instance?.memoryBytes ?? 0;
  }

  /** What the module's reducers have done since it was loaded, by name. */
  get reducerMetrics(): ReadonlyMap<string, ReducerMetrics> {
    return new Map(this.#reducers.map((reducer) => [reducer.def.name, reducer.metrics]));
  }

  /** How often its views ran, by name. */
  get viewMetrics(): ReadonlyMap<string, Readonly<ViewMetrics>> {
    return this.#viewMetrics;
  }

  /**
   * A new instance for procedures and HTTP handlers, with a memory of its own.
   * @param running is told by its owner what it runs
   * @throws HostError `HOST_INITIALIZATION_FAILED`
   */
  newProcedureInstance(calls: HostCalls, procedures: ProcedureCalls, running: RunningFunction): ProcedureInstance {
    return ProcedureInstance.create(this.#compiled, {
      ...hostEnvironment(this.#environment, calls, running),
      procedures,
    });
  }

  /** Runs a reducer in the transaction that is open. Its arguments have been checked. */
  callReducer({ reducer, args, caller, timestampMicros }: ReducerCall): CallOutcome {
    const instance = this.#readyInstance();
    this.#running.name = reducer.def.name;
    const outcome = instance.callReducer(reducer.id, caller.words, timestampMicros, args, 0, args.length);
    if (instance.isDead) this.#instance = undefined;
    this.#lastEnergyUsed = instance.energyUsed;
    const { metrics } = reducer;
    metrics.energyUsed += instance.energyUsed;
    if (outcome.kind === 'ok') return outcome; // its transaction's end decides
    metrics.failed++;
    if (outcome.kind === 'error') metrics.errors++;
    else if (outcome.kind === 'trapped') metrics.traps++;
    return outcome;
  }

  /**
   * Runs a view in the transaction that is open, with a budget of energy of its own.
   * @param sender for whom; undefined for an anonymous view
   */
  callView({ name, index }: ViewDef, sender: HostCaller | undefined): ViewOutcome {
    const instance = this.#readyInstance();
    const before = this.#running.name;
    this.#running.name = name;
    const outcome = instance.callView({ id: index, name }, sender, NO_ARGS, 0, 0);
    this.#running.name = before;
    if (instance.isDead) this.#instance = undefined;
    const metrics = this.#viewMetrics.get(name)!; // every view of the definition has some
    metrics.energyUsed += instance.energyUsed;
    if (outcome.kind === 'rows' || outcome.kind === 'sql') metrics.succeeded++;
    else metrics.failed++;
    return outcome;
  }

  #readyInstance(): ModuleInstance {
    return (this.#instance ??= ModuleInstance.create(
      this.#compiled,
      hostEnvironment(this.#environment, this.#environment.calls, this.#running),
    ));
  }
}

function hostEnvironment(
  { databaseIdentity, log, clock }: ModuleEnvironment,
  calls: HostCalls,
  running: RunningFunction,
): HostEnvironment {
  return {
    calls,
    databaseIdentity: databaseIdentity.bytes,
    log: (record) => log({ ...record, functionName: running.name }),
    nowMicros: () => Number(clock.nowMicros()),
  };
}

/** Views have no arguments but the caller, who travels apart. */
const NO_ARGS = new Uint8Array(0);

/** What is not built yet is refused when a module is published, not when it is used. */
function refuseUnsupported(def: ModuleDef): void {
  const problems = def.submodules.map((submodule) => `${submodule.namespace} is a submodule`);
  if (problems.length === 0) return;
  throw new EngineError(
    'ENGINE_UNSUPPORTED_MODULE',
    `this version of Lightcone cannot run the module yet: ${problems.join('; ')}`,
  );
}
