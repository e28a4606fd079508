import { ByteReader, ByteWriter, SatsError } from '@lightcone/sats';
import { brokenRule } from './call-outcome.ts';
import type { CallFailure, HttpHandlerOutcome, ProcedureOutcome } from './call-outcome.ts';
import type { Caller } from './caller.ts';
import type { CompiledModule } from './compiled-module.ts';
import { GuestInstance } from './guest-instance.ts';
import type { GuestTurns } from './guest/guest-turns.ts';
import type { HostEnvironment } from './guest/guest.ts';
import { readHttpResponse, writeHttpRequest } from './http/http-message-codec.ts';
import type { HttpRequest } from './http/http-message.ts';
import { promising } from './promise-integration.ts';
import type { CallParameters, ModuleFunction } from './module-function.ts';
import type { ProcedureCalls } from './procedure-calls.ts';

type CallProcedure = (...parameters: CallParameters) => Promise<number>;
type CallHttpHandler = (
  id: number,
  timestamp: bigint,
  request: number,
  requestBody: number,
  responseSink: number,
  responseBodySink: number,
) => Promise<number>;

// As for requests: headers become objects of the host.
const MAX_HEAD_BYTES = 1 << 20;

/** What an instance for procedures needs from whoever runs it. */
export interface ProcedureEnvironment extends HostEnvironment {
  readonly procedures: ProcedureCalls;
}

/**
 * One instance of a module with its own memory, initialised and ready to run procedures and HTTP handlers, which may
 * wait: one call at a time, but any number of instances at once, all in one thread.
 *
 * No transaction is open when a call begins, and none is when its promise is settled. After a trap (`isDead`) make a
 * new instance; as with `ModuleInstance`, one must not outlive the schema that it was made for. A call that is waiting
 * ends when the promise that it waits for is rejected.
 */
export class ProcedureInstance {
  readonly #instance: GuestInstance;
  readonly #turns: GuestTurns;
  readonly #callProcedure: CallProcedure | undefined;
  readonly #callHttpHandler: CallHttpHandler | undefined;

  private constructor(instance: GuestInstance) {
    const { exports } = instance;
    this.#instance = instance;
    this.#turns = instance.turns!; // made with procedures
    // Their signatures have been checked.
    this.#callProcedure = promisingExport<CallProcedure>(exports['__call_procedure__']);
    this.#callHttpHandler = promisingExport<CallHttpHandler>(exports['__call_http_handler__']);
  }

  /**
   * Makes an instance and initialises it up to and including its description.
   *
   * @throws HostError `HOST_INITIALIZATION_FAILED`
   */
  static create(module: CompiledModule, environment: ProcedureEnvironment): ProcedureInstance {
    return new ProcedureInstance(GuestInstance.create(module, environment, environment.procedures));
  }

  /** What the module says it is: a BSATN `RawModuleDef`. */
  get description(): Uint8Array {
    return this.#instance.description;
  }

  /** Whether the instance has trapped: it then refuses every call. */
  get isDead(): boolean {
    return this.#instance.isDead;
  }

  /** What the memory of the instance has grown to, with what the host keeps for the guest to read. */
  get memoryBytes(): number {
    const { memory, sources } = this.#instance.guest;
    return memory.byteLength + sources.openBytes;
  }

  /** The energy that the running or last call has used, the work of the host included. */
  get energyUsed(): number {
    return this.#instance.energyUsed;
  }

  /**
   * Runs a procedure; the caller has checked the arguments.
   *
   * @param args the BSATN of the arguments at `start..end`; must not change until the promise is settled
   * @returns a promise that is rejected only with HostError `HOST_INSTANCE_DEAD`
   */
  async callProcedure(
    procedure: ModuleFunction,
    caller: Caller,
    timestampMicros: bigint,
    args: Uint8Array,
    start: number,
    end: number,
  ): Promise<ProcedureOutcome> {
    const run = this.#callProcedure;
    if (run === undefined) {
      return brokenRule(`Module defines procedure ${procedure.name} but does not export \`__call_procedure__\``);
    }
    const instance = this.#instance;
    instance.begin();
    try {
      const source = instance.addArgs(args, start, end);
      const sink = instance.guest.sinks.open();
      const failure = await this.#finish('__call_procedure__', 'Procedures', () =>
        run(
          procedure.id,
          caller.sender0,
          caller.sender1,
          caller.sender2,
          caller.sender3,
          caller.connection0,
          caller.connection1,
          timestampMicros,
          source,
          sink,
        ),
      );
      return failure ?? { kind: 'ok', value: instance.written(sink).slice() };
    } finally {
      instance.end();
    }
  }

  /**
   * Runs an HTTP handler.
   *
   * @param body the request's; must not change until the promise is settled
   * @returns a promise that is rejected only with HostError `HOST_INSTANCE_DEAD`
   */
  async callHttpHandler(
    handler: ModuleFunction,
    timestampMicros: bigint,
    request: HttpRequest,
    body: Uint8Array,
  ): Promise<HttpHandlerOutcome> {
    const run = this.#callHttpHandler;
    if (run === undefined) {
      return brokenRule(`Module defines http handler ${handler.name} but does not export \`__call_http_handler__\``);
    }
    const instance = this.#instance;
    const { sinks, sources } = instance.guest;
    instance.begin();
    try {
      const writer = new ByteWriter();
      writeHttpRequest(writer, request);
      const requestSource = sources.add(writer.bytes, 0, writer.length);
      const bodySource = instance.addArgs(body, 0, body.length);
      const responseSink = sinks.open();
      const bodySink = sinks.open();
      const failure = await this.#finish('__call_http_handler__', 'HTTP handlers', () =>
        run(handler.id, timestampMicros, requestSource, bodySource, responseSink, bodySink),
      );
      return failure ?? this.#answer(responseSink, bodySink);
    } finally {
      instance.end();
    }
  }

  /** Runs the guest to its end, however often it waits; answers why its result is not to be used, if so. */
  async #finish(name: string, what: string, run: () => Promise<number>): Promise<CallFailure | undefined> {
    const instance = this.#instance;
    const { guest } = instance;
    try {
      const code = await this.#firstTurn(run);
      if (guest.trap !== undefined) return instance.trapped(guest.trap.error);
      if (code === 0) return undefined;
      return brokenRule(`${name} returned unexpected code ${code}. ${what} should return code 0 or trap.`);
    } catch (error) {
      return instance.trapped(error);
    }
  }

  #firstTurn(run: () => Promise<number>): Promise<number> {
    try {
      return run();
    } finally {
      this.#turns.end();
    }
  }

  #answer(responseSink: number, bodySink: number): HttpHandlerOutcome {
    const instance = this.#instance;
    const head = instance.written(responseSink);
    if (head.length > MAX_HEAD_BYTES) {
      return brokenRule(`the response without its body has ${head.length} bytes; the most is ${MAX_HEAD_BYTES}`);
    }
    try {
      const response = readHttpResponse(new ByteReader(head.slice()));
      return { kind: 'ok', response, body: instance.written(bodySink).slice() };
    } catch (error) {
      if (error instanceof SatsError) return brokenRule(`the response does not decode: ${error.message}`);
      throw error;
    }
  }
}

function promisingExport<T>(run: unknown): T | undefined {
  return run === undefined ? undefined : (promising(run as () => unknown) as unknown as T);
}
