import { type CallFailure, DEFAULT_LIMITS, HostError, type HttpRequest } from '@lightcone/host';
import { SatsError } from '@lightcone/sats';
import type { Core } from '../core.ts';
import { EngineError, isDiskFull } from '../errors.ts';
import type { ProcedureCounts, ProcedureMetrics } from '../metrics.ts';
import { findHttpRoute } from './find-http-route.ts';
import { MemoryBudget } from './memory-budget.ts';
import { PooledInstance } from './pooled-instance.ts';
import type { ProcedureCall } from './procedure-call.ts';
import type { HttpHandlerResult, ProcedureFailure, ProcedureResult } from './procedure-result.ts';

/** Calls that run or wait at once in one database: each has an instance with a memory of its own. */
export const MAX_RUNNING_PROCEDURES = 512;
/**
 * Of those, calls of one identity, or of requests from one address: a call counts until it is over, also when whoever
 * asked for it has gone. The database's own calls are not counted.
 */
export const MAX_RUNNING_PER_CALLER = 256;
/** Instances that are kept for the next call. */
const MAX_IDLE_INSTANCES = 8;

const BUSY: ProcedureFailure = {
  kind: 'busy',
  message: `${MAX_RUNNING_PROCEDURES} procedures are running, which is the most at once; try again later`,
};
const BUSY_FOR_CALLER: ProcedureFailure = {
  kind: 'busy',
  message: `${MAX_RUNNING_PER_CALLER} procedures of this caller are running, which is the most at once; try again later`,
};
const OUT_OF_MEMORY: ProcedureFailure = {
  kind: 'busy',
  message: 'the procedures that are running have all the memory that procedures may have; try again later',
};

/**
 * The procedures and HTTP handlers of a database that are at work.
 *
 * A call runs at once, on the caller's stack, up to its end or its first wait, and goes on when the
 * wait is over. Nothing of it holds up the others: while it waits it is an instance's memory and a timer.
 */
export class Procedures {
  readonly #core: Core;
  readonly #idle: PooledInstance[] = [];
  readonly #running = new Set<PooledInstance>();
  readonly #runningByCaller = new Map<string, number>();
  readonly #activities = new Set<Promise<unknown>>();
  readonly #memory: MemoryBudget;
  readonly #counts: ProcedureCounts = {
    committed: 0,
    rolledBack: 0,
    http: { started: 0, inProgress: 0, succeeded: 0, failed: 0, timedOut: 0, requestBytes: 0, responseBytes: 0 },
  };

  constructor(core: Core) {
    this.#core = core;
    const { maxMemoryPages } = core.options.limits ?? DEFAULT_LIMITS;
    this.#memory = new MemoryBudget(maxMemoryPages, MAX_RUNNING_PROCEDURES);
  }

  /** Whether a call would begin now, and not be told that too many run. */
  get hasRoom(): boolean {
    return this.#refusal === undefined;
  }

  get metrics(): ProcedureMetrics {
    const running = this.#running.size;
    const instances = running + this.#idle.length;
    return { running, instances, instanceBytes: this.#memory.bytes, counts: structuredClone(this.#counts) };
  }

  /**
   * Runs a procedure. The arguments are copied.
   * @returns rejects only for what is neither the module's nor the caller's fault
   */
  call(call: ProcedureCall): Promise<ProcedureResult> {
    const { procedure, timestampMicros } = call;
    const { name } = procedure.def;
    const { clock } = this.#core.options;
    const startNanos = clock.monotonicNanos();
    const { identity } = call.caller;
    const callerKey = identity.equals(this.#core.options.identity) ? undefined : identity.toHex();
    return this.#run(name, callerKey, async (instance): Promise<ProcedureResult> => {
      const outcome = await instance.callProcedure(call, call.args.slice());
      if (outcome.kind !== 'ok') return this.#failure(name, outcome);
      let end: number;
      try {
        end = procedure.returns.validate(outcome.value, 0, outcome.value.length);
      } catch (error) {
        if (!(error instanceof SatsError)) throw error;
        return this.#failed(name, `procedure ${name} returned something else than its return type: ${error.message}`);
      }
      return {
        kind: 'returned',
        value: outcome.value.subarray(0, end),
        timestampMicros,
        durationMicros: Number((clock.monotonicNanos() - startNanos) / 1000n),
        txOffset: instance.lastTxOffset,
      };
    });
  }

  /**
   * Runs the HTTP handler that the module's router has for a request.
   * @param path what follows `/route` in the URL, decoded
   * @param body unchanged until the promise is settled
   * @param from the address that the request comes from; undefined if that is all the same
   */
  handleHttp(
    path: string,
    request: HttpRequest,
    body: Uint8Array,
    from: string | undefined,
  ): Promise<HttpHandlerResult> {
    const handler = findHttpRoute(this.#core.module.def, request.method, path);
    if (handler === undefined) return Promise.resolve({ kind: 'noRoute' });
    const overload = this.#core.door.refuseWrite();
    if (overload !== undefined) return Promise.resolve({ kind: 'busy', message: overload.message });
    return this.#run(handler.name, from, async (instance): Promise<HttpHandlerResult> => {
      const timestampMicros = this.#core.options.clock.nowMicros();
      const outcome = await instance.callHttpHandler(handler, timestampMicros, request, body);
      if (outcome.kind !== 'ok') return this.#failure(handler.name, outcome);
      const { response, body: responseBody } = outcome;
      return { kind: 'responded', response, body: responseBody, txOffset: instance.lastTxOffset };
    });
  }

  /** Counts something as work that `end` waits for: a call with what is done about its result. */
  track<T>(activity: Promise<T>): Promise<T> {
    this.#activities.add(activity);
    const forget = (): void => void this.#activities.delete(activity);
    activity.then(forget, forget);
    return activity;
  }

  /** As `track`, for what nobody waits for: what it rejects with is a mistake of ours. */
  detach(activity: Promise<unknown>): void {
    this.#core.boundary.detach(this.track(activity));
  }

  /**
   * Ends all calls where they wait; their callers get the reason's message. No instance is used again.
   * Resolves when all that was tracked is over.
   */
  async end(reason: EngineError): Promise<void> {
    for (const instance of this.#idle.splice(0)) instance.forget();
    for (const instance of this.#running) instance.end(reason);
    await Promise.allSettled(this.#activities);
  }

  async #run<Result>(
    functionName: string,
    callerKey: string | undefined,
    run: (instance: PooledInstance) => Promise<Result>,
  ): Promise<Result | ProcedureFailure> {
    const refusal = this.#refusal;
    if (refusal !== undefined) {
      this.#core.logLine('Error', refusal.message, functionName);
      return refusal;
    }
    if (callerKey !== undefined && (this.#runningByCaller.get(callerKey) ?? 0) >= MAX_RUNNING_PER_CALLER) {
      return BUSY_FOR_CALLER;
    }
    let instance: PooledInstance;
    try {
      instance = this.#idle.pop() ?? new PooledInstance(this.#core, this.#counts, this.#memory);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return this.#failed(functionName, error.message);
    }
    this.#running.add(instance);
    if (callerKey !== undefined) this.#count(callerKey, 1);
    try {
      return await run(instance);
    } finally {
      this.#running.delete(instance);
      if (callerKey !== undefined) this.#count(callerKey, -1);
      if (instance.isReusable && this.#idle.length < MAX_IDLE_INSTANCES) this.#idle.push(instance);
      else instance.forget();
    }
  }

  #count(callerKey: string, change: 1 | -1): void {
    const count = (this.#runningByCaller.get(callerKey) ?? 0) + change;
    if (count === 0) this.#runningByCaller.delete(callerKey);
    else this.#runningByCaller.set(callerKey, count);
  }

  /** Why no call begins now. */
  get #refusal(): ProcedureFailure | undefined {
    if (this.#running.size >= MAX_RUNNING_PROCEDURES) return BUSY;
    return this.#memory.isSpent ? OUT_OF_MEMORY : undefined;
  }

  #failure(functionName: string, outcome: CallFailure): ProcedureFailure {
    if (outcome.kind === 'outOfEnergy') {
      this.#core.logLine('Error', 'the procedure was stopped: it used up its budget of energy', functionName);
      return { kind: 'outOfEnergy', message: 'Procedure terminated due to insufficient budget' };
    }
    if (isDiskFull(outcome.cause)) {
      const { message } = this.#core.door.refuseForDisk(outcome.cause);
      this.#core.logLine('Error', message, functionName);
      return { kind: 'busy', message };
    }
    // The database ended it, or ends itself.
    if (outcome.cause instanceof EngineError) return this.#failed(functionName, outcome.cause.message);
    // What our own side threw is no failure of the module's.
    if (outcome.cause !== undefined) throw outcome.cause;
    this.#core.logLine('Error', `the procedure trapped: ${outcome.message}`, functionName);
    return { kind: 'failed', message: `The module instance encountered a fatal error: ${outcome.message}` };
  }

  #failed(functionName: string, message: string): ProcedureFailure {
    this.#core.logLine('Error', message, functionName);
    return { kind: 'failed', message };
  }
}
