import type { HttpRequest } from '../../src/http/http-message.ts';
import type { HttpExchange, HttpFailure } from '../../src/procedure-calls.ts';
import type { ProcedureCalls } from '../../src/procedure-calls.ts';
import type { ProcedureEnvironment } from '../../src/procedure-instance.ts';
import type { Recorder, RecordingEnvironment } from './recorder.ts';
import { recordingEnvironment } from './recorder.ts';

/** Something that a procedure waits for, and that the test brings about. */
interface Awaited<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands for the engine: writes down what it is asked, opens transactions in the recorder, and waits for the test. */
export class ProcedureRecorder implements ProcedureCalls {
  readonly log: string[] = [];
  readonly sleeps: (Awaited<bigint> & { readonly wakeAt: bigint })[] = [];
  readonly requests: (Awaited<HttpExchange | HttpFailure> & { request: HttpRequest; body: Uint8Array })[] = [];
  isHttpEnabled = true;
  /** Why the next commit is not possible. */
  refusal: string | undefined;
  /** Thrown by the next call. */
  failure: Error | undefined;
  readonly #data: Recorder;

  constructor(data: Recorder) {
    this.#data = data;
  }

  #record(line: string): void {
    this.log.push(line);
    if (this.failure !== undefined) throw this.failure;
  }
  #end(line: string): void {
    this.#data.inTransaction = false;
    this.#record(line);
  }

  beginTransaction(): bigint {
    if (this.#data.inTransaction) throw new Error('a transaction is open already');
    this.#record('begin');
    this.#data.inTransaction = true;
    return 0x1122_3344_5566_7788n;
  }
  commitTransaction(): string | undefined {
    this.#end('commit');
    return this.refusal;
  }
  abortTransaction(): void {
    this.#end('abort');
  }
  abortDanglingTransaction(): void {
    this.#end('abort dangling');
  }
  sleepUntil(wakeAt: bigint): Promise<bigint> {
    this.#record(`sleep ${wakeAt}`);
    const { promise, resolve, reject } = Promise.withResolvers<bigint>();
    this.sleeps.push({ wakeAt, resolve, reject });
    return promise;
  }
  httpRequest(request: HttpRequest, body: Uint8Array): Promise<HttpExchange | HttpFailure> {
    this.#record(`${request.method} ${request.uri} ${Buffer.from(body).toString('hex')}`);
    const { promise, resolve, reject } = Promise.withResolvers<HttpExchange | HttpFailure>();
    this.requests.push({ request, body, resolve, reject });
    return promise;
  }
}

export interface RecordingProcedureEnvironment extends ProcedureEnvironment, RecordingEnvironment {
  readonly calls: Recorder;
  readonly procedures: ProcedureRecorder;
}

/** @param data shared by instances of one database */
export function recordingProcedureEnvironment(data?: Recorder): RecordingProcedureEnvironment {
  const environment = recordingEnvironment();
  const calls = data ?? environment.calls;
  calls.inTransaction = false;
  return { ...environment, calls, procedures: new ProcedureRecorder(calls) };
}
