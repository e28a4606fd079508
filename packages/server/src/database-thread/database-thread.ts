import { Worker } from 'node:worker_threads';
import { ServerError } from '../errors.ts';
import { FrameBatch } from './frame-batch.ts';
import type { FrameSource } from './frame-batch.ts';
import { STARTED } from './messages.ts';
import type {
  ConnectMessage,
  DatabaseRequests,
  FromDatabase,
  RequestKind,
  ThreadStart,
  ToDatabase,
} from './messages.ts';

/** More than this on the way to a database, and clients that send to it are held up. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
const RESUME_POLL_MS = 5;
const MAX_EXIT_MS = 1000;

/** A connection as the thread counts its frames. */
export interface ThreadClient extends FrameSource {
  framesInFlight: number;
  pause(): void;
  resume(): void;
}

export interface ThreadEvents {
  /** Messages for connections: see `OutboundBatch` of the engine. */
  batch(batch: Uint8Array): void;
  /** Whole lines of the module's log. */
  log(lines: string): void;
  /** A thread that had started is gone; `error` unless it was asked to stop. Comes once. */
  ended(error: Error | undefined): void;
}

/** An error that a database answered a request with. */
export class DatabaseFailure extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * The gateway's end of one database's thread.
 *
 * Frames wait for the end of the event loop's turn and cross together. Everything else crosses at
 * once, after the frames that came before it, so the database sees what the gateway saw, in order.
 */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = STARTED + 1;
  #frames: FrameBatch<ThreadClient> = new FrameBatch();
  #isFlushQueued = false;
  /** Batches that crossed and are not done with, oldest first. */
  readonly #inFlight: FrameBatch<ThreadClient>[] = [];
  readonly #batchesDone: Int32Array;
  #batchesRetired = 0;
  #bytesInFlight = 0;
  readonly #paused = new Set<ThreadClient>();
  #hasStarted = false;
  #hasEnded = false;
  #isStopping = false;
  readonly #exited = Promise.withResolvers<void>();
  #error: Error | undefined;

  /**
   * Starts a thread and waits until its database is open.
   * @throws DatabaseFailure when the database does not open, ServerError `SERVER_DATABASE_STOPPED` when the thread dies
   */
  static async start(options: Omit<ThreadStart, 'batchesDone'>, events: ThreadEvents): Promise<DatabaseThread> {
    const thread = new DatabaseThread(options, events);
    // The answer to a request that nobody sent tells that the database is open.
    await new Promise<unknown>((resolve, reject) => thread.#waiting.set(STARTED, { resolve, reject }));
    thread.#hasStarted = true;
    return thread;
  }

  private constructor(options: Omit<ThreadStart, 'batchesDone'>, events: ThreadEvents) {
    this.#events = events;
    const batchesDone = new SharedArrayBuffer(4);
    this.#batchesDone = new Int32Array(batchesDone);
    // Run from source or built: the thread's file has the same extension as this one.
    const isSource = import.meta.url.endsWith('.ts');
    const workerData: ThreadStart = { ...options, batchesDone };
    this.#worker = new Worker(new URL(isSource ? './entry.ts' : './entry.js', import.meta.url), {
      workerData,
      ...(isSource && { execArgv: ['--conditions=lightcone-source'] }),
      name: `database ${options.identity.slice(0, 12)}`,
    });
    this.#worker.on('message', (message: FromDatabase) => this.#receive(message));
    this.#worker.on('error', (error) => (this.#error = error as Error));
    this.#worker.on('exit', () => this.#end());
  }

  /** Passes on a client's frame. @param frame must not change any more */
  frame(client: ThreadClient, frame: Uint8Array, isText: boolean): void {
    if (this.#hasEnded || this.#isStopping) return;
    this.#frames.add(client, frame, isText);
    client.framesInFlight++;
    if (this.#isFlushQueued) return;
    this.#isFlushQueued = true;
    setImmediate(() => {
      this.#isFlushQueued = false;
      this.#flush();
    });
  }

  connect(message: ConnectMessage): void {
    this.#post(message);
  }

  disconnect(client: ThreadClient): void {
    this.#paused.delete(client);
    this.#post({ tag: 'disconnect', number: client.number });
  }

  /**
   * Asks and waits for the answer.
   * @throws DatabaseFailure, ServerError `SERVER_DATABASE_STOPPED`
   */
  request<Kind extends RequestKind>(
    kind: Kind,
    input: DatabaseRequests[Kind]['input'],
  ): Promise<DatabaseRequests[Kind]['answer']> {
    if (this.#hasEnded) return Promise.reject(this.#stopped());
    const id = this.#nextId++;
    this.#post({ tag: 'request', id, kind, input });
    return new Promise((resolve, reject) => {
      // The answer to a request has its kind's type: the thread answers by the same table.
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
    });
  }

  /** Closes the database, everything committed made durable, and ends the thread. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    try {
      await this.request('stop', undefined);
    } finally {
      // It ends by itself, having nothing left to do; one that does not is not waited for.
      const patience = setTimeout(() => void this.#worker.terminate(), MAX_EXIT_MS);
      await this.#exited.promise;
      clearTimeout(patience);
    }
  }

  #post(message: Exclude<ToDatabase, ArrayBuffer>): void {
    if (this.#hasEnded) return;
    this.#flush();
    this.#worker.postMessage(message);
  }

  #flush(): void {
    const batch = this.#frames;
    if (batch.sources.length === 0) return;
    this.#frames = new FrameBatch();
    this.#retireBatches();
    this.#inFlight.push(batch);
    this.#bytesInFlight += batch.byteLength;
    const bytes = batch.toBuffer();
    this.#worker.postMessage(bytes, [bytes]);
    if (this.#bytesInFlight > MAX_BYTES_IN_FLIGHT) this.#pause(batch);
  }

  /** Takes off the books what the database is done with. */
  #retireBatches(): void {
    const done = Atomics.load(this.#batchesDone, 0);
    let count = 0;
    for (; this.#batchesRetired !== done; this.#batchesRetired = (this.#batchesRetired + 1) | 0) {
      const batch = this.#inFlight[count++];
      if (batch === undefined) break;
      this.#bytesInFlight -= batch.byteLength;
      for (const client of batch.sources) client.framesInFlight--;
    }
    if (count > 0) this.#inFlight.splice(0, count);
  }

  #pause(batch: FrameBatch<ThreadClient>): void {
    const isFirst = this.#paused.size === 0;
    for (const client of batch.sources) {
      client.pause();
      this.#paused.add(client);
    }
    if (isFirst) this.#resumeLater();
  }

  #resumeLater(): void {
    setTimeout(() => {
      this.#retireBatches();
      if (!this.#hasEnded && this.#bytesInFlight > MAX_BYTES_IN_FLIGHT / 2) {
        this.#resumeLater();
        return;
      }
      for (const client of this.#paused) client.resume();
      this.#paused.clear();
    }, RESUME_POLL_MS);
  }

  #receive(message: FromDatabase): void {
    if (message instanceof ArrayBuffer) {
      this.#retireBatches();
      this.#events.batch(new Uint8Array(message));
      return;
    }
    switch (message.tag) {
      case 'log':
        this.#events.log(message.lines);
        break;
      case 'answer':
        this.#settle(message.id)?.resolve(message.answer);
        break;
      case 'failure':
        this.#settle(message.id)?.reject(new DatabaseFailure(message.code, message.message));
        break;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#exited.resolve();
    const error = this.#stopped();
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    if (this.#hasStarted) this.#events.ended(this.#isStopping ? undefined : error);
  }

  #stopped(): ServerError {
    const why = this.#error === undefined ? '' : `: ${this.#error.message}`;
    return new ServerError('SERVER_DATABASE_STOPPED', `the database's thread has ended${why}`, { cause: this.#error });
  }
}
