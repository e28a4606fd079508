import type {
  HttpExchange,
  HttpFailure,
  HttpHandlerOutcome,
  HttpRequest,
  ModuleFunction,
  ProcedureCalls,
  ProcedureInstance,
  ProcedureOutcome,
} from '@lightcone/host';
import type { Transaction } from '@lightcone/store';
import type { Core } from '../core.ts';
import { EngineError, isDiskFull } from '../errors.ts';
import type { RunningFunction } from '../loaded-module.ts';
import type { ProcedureCounts } from '../metrics.ts';
import { ModuleData } from '../module-data.ts';
import { isViewFailure } from '../views/view-failure.ts';
import { sendHttpRequest } from './send-http-request.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { ProcedureCall } from './procedure-call.ts';

/**
 * An instance of the module that runs procedures and HTTP handlers, one at a time, and what they can
 * do to the database.
 *
 * Its guest runs between other things of the database's thread, after a wait or from its start, and
 * has its transactions inside one such stretch: the host aborts what a stretch leaves open.
 */
export class PooledInstance implements ProcedureCalls {
  readonly #core: Core;
  readonly #counts: ProcedureCounts;
  readonly #data: ModuleData;
  readonly #instance: ProcedureInstance;
  readonly #memory: MemoryBudget;
  #countedBytes = 0;
  readonly #running: RunningFunction = { name: undefined };
  /** Ends the wait of the guest, while there is one. */
  #stopWaiting: ((reason: EngineError) => void) | undefined;
  #end: EngineError | undefined;
  #lastTxOffset: number | undefined;
  /** Whether the running call has committed something that stays. */
  #hasCommitted = false;

  /** @throws HostError `HOST_INITIALIZATION_FAILED` */
  constructor(core: Core, counts: ProcedureCounts, memory: MemoryBudget) {
    this.#core = core;
    this.#counts = counts;
    this.#data = new ModuleData(core.store, core.catalog, core.options.clock, core.immediateCalls);
    this.#memory = memory;
    this.#instance = core.module.newProcedureInstance(this.#data, this, this.#running);
    this.#countMemory(this.#instance.memoryBytes);
  }

  /** Whether it can take another call when this one is over. Memory never shrinks: a large one is given back. */
  get isReusable(): boolean {
    return !this.#instance.isDead && this.#end === undefined && this.#instance.memoryBytes <= MAX_KEPT_BYTES;
  }

  /** It is not used again. */
  forget(): void {
    this.#countMemory(0);
  }

  /** Offset of the last transaction that the running or last call made or saw; undefined if it had none. */
  get lastTxOffset(): number | undefined {
    return this.#lastTxOffset;
  }

  /** @param args those of the call, unchanged until the promise is settled */
  callProcedure({ procedure, caller, timestampMicros }: ProcedureCall, args: Uint8Array): Promise<ProcedureOutcome> {
    const { id, def } = procedure;
    this.#begin(def.name);
    return this.#instance.callProcedure({ id, name: def.name }, caller.words, timestampMicros, args, 0, args.length);
  }

  callHttpHandler(
    handler: ModuleFunction,
    timestampMicros: bigint,
    request: HttpRequest,
    body: Uint8Array,
  ): Promise<HttpHandlerOutcome> {
    this.#begin(handler.name);
    return this.#instance.callHttpHandler(handler, timestampMicros, request, body);
  }

  /** Ends the running call where it waits, soon, with `reason` as the cause of its trap. */
  end(reason: EngineError): void {
    this.#end ??= reason;
    this.#stopWaiting?.(reason);
  }

  get isHttpEnabled(): boolean {
    return this.#core.options.outgoingHttp !== undefined;
  }

  beginTransaction(): bigint {
    this.#goOn();
    // Whoever runs for long would otherwise write on after calls are refused.
    const overload = this.#core.door.refuseWhileBehind();
    if (overload !== undefined) throw new EngineError('ENGINE_LOG_BEHIND', overload.message);
    this.#data.transaction = this.#core.transactions.begin();
    this.#lastTxOffset = this.#core.transactions.lastTxOffset;
    return this.#core.options.clock.nowMicros();
  }

  commitTransaction(): string | undefined {
    const { transactions } = this.#core;
    let isLogged: boolean;
    try {
      // No reducer did it, so the log keeps no inputs.
      isLogged = transactions.commit(this.#takeTransaction(), undefined);
    } catch (error) {
      if (isViewFailure(error) || isDiskFull(error)) this.#counts.rolledBack++;
      if (isDiskFull(error) && this.#hasCommitted) throw this.#halfway(error);
      if (!isViewFailure(error)) throw error;
      return error.message;
    }
    transactions.publish(undefined);
    this.#counts.committed++;
    if (isLogged) {
      this.#lastTxOffset = transactions.lastTxOffset;
      this.#hasCommitted = true;
    }
    return undefined;
  }

  abortTransaction(): void {
    this.#takeTransaction().rollback();
    this.#counts.rolledBack++;
  }

  abortDanglingTransaction(): void {
    this.abortTransaction();
    const name = this.#running.name ?? '';
    this.#core.logLine('Error', `aborting dangling anonymous transaction in procedure ${name}`, name);
  }

  sleepUntil(wakeAtMicros: bigint): Promise<bigint> {
    const { timers, clock } = this.#core.options;
    return this.#wait((wake) => {
      const wakeUp = timers.wakeAt(wakeAtMicros, () => wake(clock.nowMicros()));
      return () => wakeUp.cancel();
    });
  }

  httpRequest(request: HttpRequest, body: Uint8Array): Promise<HttpExchange | HttpFailure> {
    const network = this.#core.options.outgoingHttp;
    if (network === undefined) throw new Error('the host asked for HTTP that is not enabled');
    return this.#wait((resolve, reject) => {
      const controller = new AbortController();
      sendHttpRequest(network, request, body, controller.signal, this.#counts.http).then(resolve, reject);
      return (reason) => controller.abort(reason);
    });
  }

  #begin(functionName: string): void {
    this.#running.name = functionName;
    this.#lastTxOffset = undefined;
    this.#hasCommitted = false;
  }

  /**
   * Waits until it is resolved, rejected or ended.
   * @param start begins it and gives back what to undo when it is ended
   */
  #wait<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => (reason: EngineError) => void,
  ): Promise<T> {
    this.#goOn();
    this.#checkMemory();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const undo = start(resolve, reject);
    this.#stopWaiting = (reason) => {
      undo(reason);
      reject(reason);
    };
    return promise.finally(() => (this.#stopWaiting = undefined));
  }

  /** Checks that the call has not been ended meanwhile, and begins or joins a turn. */
  #goOn(): void {
    if (this.#end !== undefined) throw this.#end;
    this.#core.turns.begin();
  }

  /** Whoever called is not told that nothing was changed, nor to try again. */
  #halfway(fullDisk: EngineError): EngineError {
    this.#core.door.refuseForDisk(fullDisk);
    const message =
      "the database's disk is full: it has no room for a transaction of the procedure, which was ended; what it had " +
      'committed before stays. Make room on the disk; another call does all of it again';
    return new EngineError('ENGINE_PROCEDURE_ENDED', message, { cause: fullDisk });
  }

  /** Who waits keeps its memory. @throws EngineError when there is too much of it */
  #checkMemory(): void {
    const { memoryBytes } = this.#instance;
    this.#countMemory(memoryBytes);
    if (!this.#memory.isTooLarge(memoryBytes)) return;
    const size = `${Math.ceil(memoryBytes / MIB)} MiB of memory`;
    const reason = `the procedure was ended: it waits with ${size}, and procedures together have more than they may`;
    throw new EngineError('ENGINE_PROCEDURE_ENDED', reason);
  }

  #countMemory(bytes: number): void {
    this.#memory.count(this.#countedBytes, bytes);
    this.#countedBytes = bytes;
  }

  #takeTransaction(): Transaction {
    const { transaction } = this.#data;
    if (transaction === undefined) throw new Error('the host ends a transaction that is not open');
    this.#data.transaction = undefined;
    return transaction;
  }
}

const MIB = 1024 * 1024;
/** An instance with more is not kept for the next call. */
const MAX_KEPT_BYTES = 64 * MIB;
