import { HOST_IMPORTS } from './abi/host-imports.ts';
import { OUT_OF_ENERGY } from './call-outcome.ts';
import type { CallError, CallFailure } from './call-outcome.ts';
import type { CompiledModule } from './compiled-module.ts';
import { ERRNO } from './errno.ts';
import { HostError } from './errors.ts';
import { GuestTrap, OutOfEnergy } from './guest/guest-trap.ts';
import { GuestTurns } from './guest/guest-turns.ts';
import { Guest } from './guest/guest.ts';
import type { HostEnvironment } from './guest/guest.ts';
import { bytesImports } from './imports/bytes-imports.ts';
import { consoleImports } from './imports/console-imports.ts';
import { dataImports } from './imports/data-imports.ts';
import type { ImportFunction } from './imports/import-functions.ts';
import { WAITING_IMPORTS, procedureImports } from './imports/procedure-imports.ts';
import { waitingImport } from './imports/waiting-import.ts';
import type { ProcedureCalls } from './procedure-calls.ts';

type GuestFunction = (...args: (number | bigint)[]) => unknown;

const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** How much of a panic's text an error carries, in UTF-16 code units. */
const MAX_LAST_WORDS = 1000;

/**
 * What running any function of a module takes: its memory and imports, its initialisation, the energy of one call at a
 * time, and the judgement of what was thrown. Who uses it knows which export to call and what the answer means.
 */
export class GuestInstance {
  readonly guest: Guest;
  /** Undefined when the guest cannot be suspended. */
  readonly turns: GuestTurns | undefined;
  /** The signatures of those that a host calls have been checked. */
  readonly exports: WebAssembly.Exports;
  /** What the module says it is: a BSATN `RawModuleDef`. */
  readonly description: Uint8Array;
  readonly #fuel: WebAssembly.Global;
  readonly #budget: number;
  readonly #budgetWord: bigint;
  #isDead = false;
  #isRunning = false;

  private constructor(
    guest: Guest,
    turns: GuestTurns | undefined,
    instance: WebAssembly.Instance,
    module: CompiledModule,
  ) {
    const { exports } = instance;
    this.guest = guest;
    this.turns = turns;
    this.exports = exports;
    this.#fuel = exports[module.fuelExport] as WebAssembly.Global; // the meter has exported it
    guest.fuel = this.#fuel;
    this.#budget = module.limits.energyPerCall;
    this.#budgetWord = BigInt(this.#budget);
    this.description = this.#initialize(module.preinitNames);
    guest.isInitializing = false;
  }

  /**
   * Makes an instance and initialises it up to and including its description.
   *
   * @param procedures undefined for reducers and views, which cannot be suspended
   * @throws HostError `HOST_INITIALIZATION_FAILED`
   */
  static create(
    module: CompiledModule,
    environment: HostEnvironment,
    procedures: ProcedureCalls | undefined,
  ): GuestInstance {
    const guest = new Guest(environment, module.limits.energyPerCall);
    const turns = procedures === undefined ? undefined : new GuestTurns(guest, procedures);
    const imports = importObject(guest, turns, module.canCatch);
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(module.wasm, imports);
    } catch (cause) {
      throw new HostError('HOST_INITIALIZATION_FAILED', `the module could not be instantiated: ${messageOf(cause)}`, {
        cause,
      });
    }
    guest.memory.attach(instance.exports['memory'] as WebAssembly.Memory); // checked at compilation
    return new GuestInstance(guest, turns, instance, module);
  }

  /** Whether the guest has trapped: it then refuses every call. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The energy that the running or last call has used, the work of the host included. */
  get energyUsed(): number {
    const own = this.#budget - Number(this.#fuel.value as bigint); // an i64
    return Math.min(Math.ceil(own + this.guest.work), this.#budget);
  }

  /**
   * Begins a call; `end` must follow.
   *
   * @throws HostError `HOST_INSTANCE_DEAD`
   */
  begin(): void {
    if (this.#isDead) throw new HostError('HOST_INSTANCE_DEAD', 'this instance has trapped; make a new one');
    if (this.#isRunning) throw new HostError('HOST_INSTANCE_DEAD', 'this instance is running a call already');
    this.#isRunning = true;
    this.#fuel.value = this.#budgetWord;
    this.guest.begin(this.#budget);
  }

  /** Ends a call: its sources and sinks are gone. */
  end(): void {
    this.#isRunning = false;
    this.guest.end();
  }

  /** The handle of a source of `args[start..end]`, which must not change until the call ends. */
  addArgs(args: Uint8Array, start: number, end: number): number {
    // Guests take the handle 0 for "no arguments"; an empty source they would reject.
    return start === end ? 0 : this.guest.sources.add(args, start, end);
  }

  /** What the guest has left in a sink of the running call; valid until the call ends. */
  written(sink: number): Uint8Array {
    return this.guest.sinks.find(sink)!.written(); // opened by this call
  }

  /**
   * Judges how a call has failed. An import's error comes first: the guest may have caught it, or died of it.
   *
   * @param thrown what came out of the guest
   */
  trapped(thrown: unknown): CallFailure {
    this.#isDead = true;
    const error = this.guest.trap === undefined ? thrown : this.guest.trap.error;
    if (error instanceof OutOfEnergy) return OUT_OF_ENERGY;
    if (error instanceof WebAssembly.RuntimeError && (this.#fuel.value as bigint) < 0n) return OUT_OF_ENERGY;
    return { kind: 'trapped', message: messageOf(error), cause: isOfGuest(error) ? undefined : error };
  }

  /** The error whose text the guest has left in a sink. */
  returnedError(sink: number): CallError {
    return { kind: 'error', message: lossyUtf8.decode(this.written(sink)) };
  }

  #initialize(preinitNames: readonly string[]): Uint8Array {
    const { exports } = this;
    const initialize = exports['_initialize'] as GuestFunction | undefined;
    if (initialize !== undefined) this.#initializer('_initialize', () => initialize());
    for (const name of preinitNames) this.#initializer(name, () => (exports[name] as GuestFunction)());
    const setup = exports['__setup__'] as GuestFunction | undefined;
    if (setup !== undefined) this.#initializer('__setup__', () => this.#setup(setup));
    return this.#initializer('__describe_module__', () => {
      const sink = this.guest.sinks.open();
      (exports['__describe_module__'] as GuestFunction)(sink);
      return this.written(sink).slice();
    });
  }

  #setup(setup: GuestFunction): void {
    const sink = this.guest.sinks.open();
    const code = setup(sink);
    if (code === 0) return;
    const reason =
      code === ERRNO.hostCallFailure
        ? `setup function returned an error: ${this.returnedError(sink).message}`
        : `setup function returned unknown code ${String(code)}`;
    throw new HostError('HOST_INITIALIZATION_FAILED', reason);
  }

  #initializer<T>(name: string, run: () => T): T {
    this.begin();
    try {
      const result = run();
      if (this.guest.trap !== undefined) throw this.guest.trap.error;
      return result;
    } catch (error) {
      if (error instanceof HostError) throw error;
      const failure = this.trapped(error);
      const reason = failure.kind === 'trapped' ? failure.message : 'the budget of energy is used up';
      const { lastWords } = this.guest;
      const words = lastWords === undefined ? '' : `; it logged: ${lastWords.slice(0, MAX_LAST_WORDS)}`;
      throw new HostError('HOST_INITIALIZATION_FAILED', `wasm trap while calling "${name}": ${reason}${words}`, {
        cause: error,
      });
    } finally {
      this.end();
    }
  }
}

function importObject(guest: Guest, turns: GuestTurns | undefined, canCatch: boolean): WebAssembly.Imports {
  const functions = {
    ...dataImports(guest),
    ...bytesImports(guest),
    ...consoleImports(guest),
    ...procedureImports(guest, turns),
  };
  const imports: Record<string, Record<string, unknown>> = {};
  for (const [module, signatures] of Object.entries(HOST_IMPORTS)) {
    const named: Record<string, unknown> = {};
    for (const [name, signature] of Object.entries(signatures)) {
      const run = functions[name]!; // a test compares the table with the functions
      const imported = canCatch ? rememberingTraps(guest, run) : run;
      named[name] = turns !== undefined && WAITING_IMPORTS.has(name) ? waitingImport(signature, imported) : imported;
    }
    imports[module] = named;
  }
  return imports as WebAssembly.Imports;
}

/**
 * A guest with exception handling could catch the trap and carry on: the call fails all the same. What a promise is
 * rejected with, `GuestTurns` remembers.
 */
function rememberingTraps(guest: Guest, run: ImportFunction): ImportFunction {
  return (...args) => {
    try {
      if (guest.trap !== undefined) throw guest.trap.error;
      return run(...args);
    } catch (error) {
      guest.remember(error);
      throw error;
    }
  };
}

/** Whether the guest, not the host, is the reason of what was thrown. */
function isOfGuest(error: unknown): boolean {
  return (
    error instanceof GuestTrap ||
    error instanceof WebAssembly.RuntimeError ||
    error instanceof WebAssembly.Exception ||
    (error instanceof RangeError && error.message === 'Maximum call stack size exceeded')
  );
}

function messageOf(error: unknown): string {
  if (error instanceof WebAssembly.Exception) return 'uncaught WebAssembly exception';
  return error instanceof Error ? error.message : String(error);
}
