import { OK, brokenRule } from './call-outcome.ts';
import type { CallOutcome, ViewOutcome } from './call-outcome.ts';
import type { Caller } from './caller.ts';
import type { CompiledModule } from './compiled-module.ts';
import { ERRNO } from './errno.ts';
import { GuestInstance } from './guest-instance.ts';
import type { HostEnvironment } from './guest/guest.ts';
import type { CallParameters, ModuleFunction } from './module-function.ts';
import { readViewResult } from './view-result.ts';

type CallReducer = (...parameters: CallParameters) => number;
type CallView = (
  id: number,
  sender0: bigint,
  sender1: bigint,
  sender2: bigint,
  sender3: bigint,
  args: number,
  sink: number,
) => number;
type CallAnonymousView = (id: number, args: number, sink: number) => number;

/** The sink begins with a header; without one, and code 0, it is the array of rows. */
const VIEW_WITH_HEADER = 2;

/**
 * One instance of a module with its own memory, initialised and ready to run reducers and views, one after another.
 *
 * After a trap (`isDead`) the guest's memory may be in any state: make a new instance. Ids of tables and indexes are
 * cached in the guest, so an instance must not outlive the schema that it was made for.
 */
export class ModuleInstance {
  readonly #instance: GuestInstance;
  readonly #callReducer: CallReducer;
  readonly #callView: CallView | undefined;
  readonly #callAnonymousView: CallAnonymousView | undefined;

  private constructor(instance: GuestInstance) {
    const { exports } = instance;
    this.#instance = instance;
    // Their signatures have been checked.
    this.#callReducer = exports['__call_reducer__'] as unknown as CallReducer;
    this.#callView = exports['__call_view__'] as unknown as CallView | undefined;
    this.#callAnonymousView = exports['__call_view_anon__'] as unknown as CallAnonymousView | undefined;
  }

  /**
   * Makes an instance and initialises it up to and including its description.
   *
   * @throws HostError `HOST_INITIALIZATION_FAILED`
   */
  static create(module: CompiledModule, environment: HostEnvironment): ModuleInstance {
    return new ModuleInstance(GuestInstance.create(module, environment, undefined));
  }

  /** What the module says it is: a BSATN `RawModuleDef`. */
  get description(): Uint8Array {
    return this.#instance.description;
  }

  /** What the memory of the instance has grown to. */
  get memoryBytes(): number {
    return this.#instance.guest.memory.byteLength;
  }

  /** Whether the instance has trapped: it then refuses every call. */
  get isDead(): boolean {
    return this.#instance.isDead;
  }

  /** The energy that the last call used, the work of the host included. */
  get energyUsed(): number {
    return this.#instance.energyUsed;
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
    const instance = this.#instance;
    const { guest } = instance;
    instance.begin();
    try {
      const source = instance.addArgs(args, start, end);
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
      if (guest.trap !== undefined) return instance.trapped(guest.trap.error);
      if (code === 0) return OK;
      if (code === ERRNO.hostCallFailure) return instance.returnedError(sink);
      return brokenRule(`unknown return code ${code}`);
    } catch (error) {
      return instance.trapped(error);
    } finally {
      instance.end();
    }
  }

  /**
   * Runs a view; the caller has opened the transaction that it reads.
   *
   * @param sender who sees the view; undefined for an anonymous view
   * @param args the BSATN of the arguments at `start..end`; must not change until this returns
   * @throws HostError `HOST_INSTANCE_DEAD`
   */
  callView(
    view: ModuleFunction,
    sender: Caller | undefined,
    args: Uint8Array,
    start: number,
    end: number,
  ): ViewOutcome {
    const instance = this.#instance;
    const { guest } = instance;
    instance.begin();
    try {
      const source = instance.addArgs(args, start, end);
      const sink = guest.sinks.open();
      const code =
        sender === undefined
          ? this.#callAnonymousView?.(view.id, source, sink)
          : this.#callView?.(view.id, sender.sender0, sender.sender1, sender.sender2, sender.sender3, source, sink);
      if (guest.trap !== undefined) return instance.trapped(guest.trap.error);
      switch (code) {
        case undefined:
          return brokenRule(missingView(view, sender === undefined));
        case 0:
          return { kind: 'rows', array: instance.written(sink).slice() };
        case VIEW_WITH_HEADER:
          return readViewResult(instance.written(sink));
        case ERRNO.hostCallFailure:
          return instance.returnedError(sink);
        default:
          return brokenRule(`unknown return code ${code}`);
      }
    } catch (error) {
      return instance.trapped(error);
    } finally {
      instance.end();
    }
  }
}

function missingView({ name }: ModuleFunction, isAnonymous: boolean): string {
  return isAnonymous
    ? `Module defines anonymous view ${name} but does not export \`__call_view_anon__\``
    : `Module defines view ${name} but does not export \`__call_view__\``;
}
