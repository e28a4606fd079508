import { HOST_IMPORTS } from './abi/host-imports.ts';
import { OK, OUT_OF_ENERGY } from './call-outcome.ts';
import type { CallOutcome } from './call-outcome.ts';
import type { Caller } from './caller.ts';
import type { CompiledModule } from './compiled-module.ts';
import { ERRNO } from './errno.ts';
import { HostError } from './errors.ts';
import { GuestTrap, OutOfEnergy } from './guest/guest-trap.ts';
import { Guest } from './guest/guest.ts';
import type { HostEnvironment } from './guest/guest.ts';
import { bytesImports } from './imports/bytes-imports.ts';
import { consoleImports } from './imports/console-imports.ts';
import { dataImports } from './imports/data-imports.ts';
import type { ImportFunction } from './imports/import-functions.ts';
import { procedureImports } from './imports/procedure-imports.ts';

type GuestFunction = (...args: (number | bigint)[]) => unknown;
type DispatchFunction = (
  id: number,
  sender0: bigint,
  sender1: bigint,
  sender2: bigint,
  sender3: bigint,
  connection0: bigint,
  connection1: bigint,
  timestamp: bigint,
  args: number,
  sink: number,
) => number;

const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * One instance of a module with its own memory, initialised and ready to be called; calls run one after another.
 *
 * After a trap (`isDead`) the guest's memory may be in any state: make a new instance. Ids of tables and indexes are
 * cached in the guest, so an instance must not outlive the schema that it was made for.
 */
export class ModuleInstance {
  /** What the module says it is: a BSATN `RawModuleDef`. */
  readonly description: Uint8Array;
  readonly #guest: Guest;
  readonly #fuel: WebAssembly.Global;
  readonly #budget: number;
  readonly #budgetWord: bigint;
  readonly #callReducer: DispatchFunction;
  #isDead = false;
  #isRunning = false;

  private constructor(guest: Guest, instance: WebAssembly.Instance, module: CompiledModule) {
    const { exports } = instance;
    this.#guest = guest;
    this.#fuel = exports[module.fuelExport] as WebAssembly.Global; // the meter has exported it
    guest.fuel = this.#fuel;
    this.#budget = module.limits.energyPerCall;
    this.#budgetWord = BigInt(this.#budget);
    this.#callReducer = exports['__call_reducer__'] as unknown as DispatchFunction; // its signature has been checked
    this.description = this.#initialize(exports, module.preinitNames);
  }

  /**
   * Makes an instance and initialises it up to and including its description.
   *
   * @throws HostError `HOST_INITIALIZATION_FAILED`
   */
  static create(module: CompiledModule, environment: HostEnvironment): ModuleInstance {
    const guest = new Guest(environment, module.limits.energyPerCall);
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(module.wasm, importObject(guest, module.canCatch));
    } catch (cause) {
      throw new HostError('HOST_INITIALIZATION_FAILED', `the module could not be instantiated: ${messageOf(cause)}`, {
        cause,
      });
    }
    guest.memory.attach(instance.exports['memory'] as WebAssembly.Memory); // checked at compilation
    return new ModuleInstance(guest, instance, module);
  }

  /** Whether the instance has trapped: it then refuses every call. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The energy that the last call used, the work of the host included. */
  get energyUsed(): number {
    const own = this.#budget - Number(this.#fuel.value as bigint); // an i64
    return Math.min(Math.ceil(own + this.#guest.work), this.#budget);
  }

  /**
   * Runs a reducer; the caller has opened a transaction and checked the arguments.
   *
   * @param args the BSATN of the arguments at `start..end`; must not change until this returns
   * @throws HostError `HOST_INSTANCE_DEAD`
   */
  callReducer(
    reducerId: number,
    caller: Caller,
    timestampMicros: bigint,
    args: Uint8Array,
    start: number,
    end: number,
  ): CallOutcome {
    const guest = this.#guest;
    this.#begin();
    try {
      // Guests take the handle 0 for "no arguments"; an empty source they would reject.
      const source = start === end ? 0 : guest.sources.add(args, start, end);
      const sink = guest.sinks.open();
      const code = this.#callReducer(
        reducerId,
        caller.sender0,
        caller.sender1,
        caller.sender2,
        caller.sender3,
        caller.connection0,
        caller.connection1,
        timestampMicros,
        source,
        sink,
      );
      if (guest.trap !== undefined) return this.#trapped(guest.trap.error);
      if (code === 0) return OK;
      if (code === ERRNO.hostCallFailure) return { kind: 'error', message: this.#text(sink) };
      return { kind: 'trapped', message: `unknown return code ${code}`, cause: undefined };
    } catch (error) {
      return this.#trapped(guest.trap === undefined ? error : guest.trap.error);
    } finally {
      this.#end();
    }
  }

  #begin(): void {
    if (this.#isDead) throw new HostError('HOST_INSTANCE_DEAD', 'this instance has trapped; make a new one');
    if (this.#isRunning) throw new HostError('HOST_INSTANCE_DEAD', 'this instance is running a call already');
    this.#isRunning = true;
    this.#fuel.value = this.#budgetWord;
    this.#guest.begin(this.#budget);
  }

  #end(): void {
    this.#isRunning = false;
    this.#guest.end();
  }

  #trapped(error: unknown): CallOutcome {
    this.#isDead = true;
    if (error instanceof OutOfEnergy) return OUT_OF_ENERGY;
    if (error instanceof WebAssembly.RuntimeError && (this.#fuel.value as bigint) < 0n) return OUT_OF_ENERGY;
    return { kind: 'trapped', message: messageOf(error), cause: isOfGuest(error) ? undefined : error };
  }

  #text(sink: number): string {
    return lossyUtf8.decode(this.#guest.sinks.find(sink)!.written()); // opened by this call
  }

  #initialize(exports: WebAssembly.Exports, preinitNames: readonly string[]): Uint8Array {
    const initialize = exports['_initialize'] as GuestFunction | undefined;
    if (initialize !== undefined) this.#initializer('_initialize', () => initialize());
    for (const name of preinitNames) this.#initializer(name, () => (exports[name] as GuestFunction)());
    const setup = exports['__setup__'] as GuestFunction | undefined;
    if (setup !== undefined) this.#initializer('__setup__', () => this.#setup(setup));
    return this.#initializer('__describe_module__', () => {
      const sink = this.#guest.sinks.open();
      (exports['__describe_module__'] as GuestFunction)(sink);
      return this.#guest.sinks.find(sink)!.finish(); // opened above
    });
  }

  #setup(setup: GuestFunction): void {
    const sink = this.#guest.sinks.open();
    const code = setup(sink);
    if (code === 0) return;
    const reason =
      code === ERRNO.hostCallFailure
        ? `setup function returned an error: ${this.#text(sink)}`
        : `setup function returned unknown code ${String(code)}`;
    throw new HostError('HOST_INITIALIZATION_FAILED', reason);
  }

  #initializer<T>(name: string, run: () => T): T {
    this.#begin();
    try {
      const result = run();
      if (this.#guest.trap !== undefined) throw this.#guest.trap.error;
      return result;
    } catch (error) {
      if (error instanceof HostError) throw error;
      const outcome = this.#trapped(this.#guest.trap === undefined ? error : this.#guest.trap.error);
      const reason = outcome.kind === 'trapped' ? outcome.message : 'the budget of energy is used up';
      throw new HostError('HOST_INITIALIZATION_FAILED', `wasm trap while calling "${name}": ${reason}`, {
        cause: error,
      });
    } finally {
      this.#end();
    }
  }
}

function importObject(guest: Guest, canCatch: boolean): WebAssembly.Imports {
  const functions = {
    ...dataImports(guest),
    ...bytesImports(guest),
    ...consoleImports(guest),
    ...procedureImports(guest),
  };
  const imports: Record<string, Record<string, ImportFunction>> = {};
  for (const [module, signatures] of Object.entries(HOST_IMPORTS)) {
    const named: Record<string, ImportFunction> = {};
    for (const name of Object.keys(signatures)) {
      const run = functions[name]!; // a test compares the table with the functions
      named[name] = canCatch ? rememberingTraps(guest, run) : run;
    }
    imports[module] = named;
  }
  return imports as WebAssembly.Imports;
}

/** A guest with exception handling could catch the trap and carry on: the call fails all the same. */
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
